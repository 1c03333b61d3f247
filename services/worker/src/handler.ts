/** The infer stage on one screen: tensor pack in, decisions out. */
import { observeStage, type Metrics } from '@timbre/shared/observability/metrics';
import { windowShape } from '@timbre/shared/contracts/feature-spec';
import type { PackReference } from '@timbre/shared/contracts/pipeline';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { JobRecord } from '@timbre/shared/queue/job-record';
import type { StageHandler, StageOutput } from '@timbre/shared/queue/stage-runner';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { decodeTensorPack, type TensorPack } from '@timbre/shared/tensor-pack';
import { decideClip } from './decisions/decide-clip.js';
import type { ModelHost } from './inference/model-host.js';
import type { ServingModel } from './inference/serving-model.js';

export interface InferDeps {
  store: ObjectStore;
  models: Pick<ModelHost, 'get' | 'reserve'>;
  metrics: Metrics;
  /** Wall clock in milliseconds; the pack's time was taken by another process. */
  now?: (() => number) | undefined;
}

/** A stored pack may show late (RELIABILITY.md F24). */
const packRetryMs = 10_000;
const damages: ReadonlySet<string> = new Set(['tensor_corrupt', 'storage_corrupt', 'object_missing']);

/**
 * @throws (the handler) AppError `model_unavailable`, `inference_failed`, `inference_nonfinite`, storage errors other than
 * damage; a damaged pack is no error but `remake`
 */
export function createInferHandler({ store, models, metrics, now = Date.now }: InferDeps): StageHandler {
  return async ({ record, pack: reference }, signal) => {
    const { spec } = record;
    const takenAtMs = now();
    const model = models.get(spec.model, spec.modelDigest);
    if (!model) throw new AppError('model_unavailable', { details: { model: spec.model } });
    const giveBack = await models.reserve(reference?.windows ?? 0, spec.lane, signal);
    try {
      const readAtMs = now();
      const pack = await readPack(store, record, reference, signal);
      observeStage(metrics, 'storeGet', spec.lane, (now() - readAtMs) / 1000);
      return await infer(pack, model);
    } catch (error) {
      if (isAppError(error) && damages.has(error.code)) return { kind: 'remake', cause: error };
      throw error;
    } finally {
      giveBack();
    }

    async function infer(pack: TensorPack, serving: ServingModel): Promise<StageOutput> {
      let startedAtMs = now();
      const outputs = await serving.infer(pack.windows, pack.shape[0] ?? 0, {
        lane: spec.lane,
        signal,
        onStart: () => (startedAtMs = now()),
      });
      const inferSeconds = Math.max(0, (now() - startedAtMs) / 1000);
      // Clocks of two machines may differ by more than the wait.
      const inferWaitSeconds = Math.max(0, (startedAtMs - (record.progress.packedAtMs ?? takenAtMs)) / 1000);
      observeStage(metrics, 'inferWait', spec.lane, inferWaitSeconds);
      observeStage(metrics, 'infer', spec.lane, inferSeconds);
      return {
        kind: 'finish',
        result: decideClip(serving.card, pack, outputs),
        provider: serving.provider,
        timings: { inferWaitSeconds, inferSeconds },
        audioSeconds: pack.facts.clip.durationSeconds,
      };
    }
  };
}

/** @throws AppError `object_missing`, `storage_corrupt`, `tensor_corrupt` (damaged, or not what this job's clip and features give) */
async function readPack(
  store: ObjectStore,
  { spec, progress }: JobRecord,
  reference: PackReference | undefined,
  signal: AbortSignal,
): Promise<TensorPack> {
  if (!reference) throw new AppError('object_missing', { detail: 'the job has no tensor pack' });
  const { key, sha256, bytes, windows } = reference;
  const read = { expectedSha256: sha256, maxBytes: bytes, retryMissingMs: packRetryMs, signal };
  const pack = decodeTensorPack(await store.readAll(key, read));
  const { featureDigest, clipSha256 } = pack.facts;
  const expectedShape = [windows, ...windowShape(spec.features)].join();
  const strange =
    (featureDigest !== spec.featureDigest && 'features') ||
    (progress.clip?.sha256 !== undefined && clipSha256 !== progress.clip.sha256 && 'clip') ||
    (pack.shape.join() !== expectedShape && 'shape');
  if (strange) throw new AppError('tensor_corrupt', { detail: `the tensor pack is of another ${strange}` });
  return pack;
}
