/** What is kept of a clip beside its result: audio, outline, features; of jobs and of clips of batches alike. */
import { AppError, isAppError } from '@timbre/shared/errors';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { sourceOfItem } from '@timbre/shared/batch/batch-items';
import type { BatchRecord } from '@timbre/shared/batch/batch-record';
import { decodeSlicePack } from '@timbre/shared/batch/slice-pack';
import { parseItemJobId } from '@timbre/shared/contracts/batch';
import { clipPeaksSchema, type ClipPeaks } from '@timbre/shared/contracts/clip-peaks';
import { featureSpecSchema, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { jobSpecSchema, type JobView } from '@timbre/shared/contracts/job';
import { slicePackKey } from '@timbre/shared/storage/batch-keys';
import { audioKey, peaksKey, submissionKey, tensorPackKey } from '@timbre/shared/storage/job-keys';
import { decodeTensorPack, type TensorPack } from '@timbre/shared/tensor-pack';
import { openBatchAudio, type BatchAudioDeps } from '../batches/batch-audio.js';
import type { BatchReader } from '../batches/batch-reader.js';
import type { AudioContent } from './audio-content.js';
import type { JobReader } from './job-reader.js';

export interface JobContentDeps extends BatchAudioDeps {
  reader: JobReader;
  batchReader: BatchReader;
}

export type JobContent = ReturnType<typeof createJobContent>;

/** Packs are at most 64 MiB of windows; a slice has several. */
const maxPackBytes = 1024 * 1024 * 1024;

const notKept = (detail: string) => new AppError('not_kept', { detail });

export function createJobContent(deps: JobContentDeps) {
  const { store, reader, batchReader } = deps;

  const orNotKept = async <T>(read: Promise<T>, detail: string): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      if (isAppError(error) && error.code === 'object_missing') throw notKept(detail);
      throw error;
    }
  };

  const packOfBatchClip = async (record: BatchRecord, index: number): Promise<TensorPack> => {
    const found = await sourceOfItem(record, index, deps);
    if (!found) throw new AppError('not_found');
    const { spec } = record;
    const ids = spec.source.kind === 'batch' ? [spec.id, spec.source.batchId] : [spec.id];
    for (const id of ids) {
      const key = slicePackKey({ tenant: spec.tenant, id }, found.slice, spec.featureDigest);
      if (!(await store.head(key))) continue;
      const { clips } = decodeSlicePack(await store.readAll(key, { maxBytes: maxPackBytes }));
      const clip = clips.find(({ item }) => item.index === index);
      if (clip) return decodeTensorPack(clip.pack);
    }
    throw notKept('the features of this clip are not kept, or it failed before it had any');
  };

  const specOf = async (tenant: string, id: string) => {
    const text = await orNotKept(store.readAll(submissionKey({ tenant, id })), 'the features are not kept');
    return jobSpecSchema.parse(JSON.parse(text.toString('utf8')));
  };

  return {
    /** @throws AppError `not_found`, `not_kept` */
    async audio(principal: Principal, id: string): Promise<{ view: JobView; content: AudioContent }> {
      const view = await reader.requireView(principal, id);
      const clip = parseItemJobId(id);
      if (clip) {
        const record = await batchReader.requireRecord(principal, clip.batchId);
        return { view, content: await openBatchAudio(record, clip.index, deps) };
      }
      const key = audioKey({ tenant: principal.tenant, id });
      const object = await store.head(key);
      if (!object) throw notKept('the audio of this job is not kept, or not fetched yet');
      return { view, content: { bytes: object.bytes, open: (range) => store.get(key, { range }) } };
    },

    /** @throws AppError `not_found`, `not_kept` */
    async peaks(principal: Principal, id: string): Promise<ClipPeaks> {
      await reader.requireView(principal, id);
      if (parseItemJobId(id)) throw notKept('clips of batches have no stored outline; decode their audio');
      const key = peaksKey({ tenant: principal.tenant, id });
      const text = await orNotKept(store.readAll(key), 'the outline of this clip is not made yet, or not kept');
      return clipPeaksSchema.parse(JSON.parse(text.toString('utf8')));
    },

    /** @throws AppError `not_found`, `not_kept` */
    async features(principal: Principal, id: string): Promise<{ pack: TensorPack; spec: FeatureSpec }> {
      const view = await reader.requireView(principal, id);
      const clip = parseItemJobId(id);
      if (clip) {
        const record = await batchReader.requireRecord(principal, clip.batchId);
        return { pack: await packOfBatchClip(record, clip.index), spec: featureSpecSchema.parse(record.spec.features) };
      }
      const { sha256 } = view.clip;
      if (sha256 === undefined) throw notKept('the clip is not decoded yet');
      const { features, featureDigest } = await specOf(principal.tenant, id);
      const key = tensorPackKey(principal.tenant, sha256, featureDigest);
      const read = store.readAll(key, { maxBytes: maxPackBytes });
      return {
        pack: decodeTensorPack(await orNotKept(read, 'the features of this clip are no longer kept')),
        spec: features,
      };
    },
  };
}
