/**
 * The infer stage for a slice of a batch: the tensor packs of its clips in, a result for each clip out. The windows of all its
 * clips go to the batcher together, so runs are full; a clip whose windows fail does so alone.
 */
import { setImmediate } from 'node:timers/promises';
import { AppError, isAppError, toAppError } from '@timbre/shared/errors';
import { isAborted } from '@timbre/shared/queue/abortable';
import { outages } from '@timbre/shared/queue/outages';
import { failedItem, itemNames } from '@timbre/shared/batch/item-results';
import { decodeSlicePack, type PackedClip } from '@timbre/shared/batch/slice-pack';
import type { SliceHandler, SliceInput } from '@timbre/shared/batch/slice-runner';
import type { ItemResult } from '@timbre/shared/contracts/batch';
import { windowShape } from '@timbre/shared/contracts/feature-spec';
import { decideClip } from '@timbre/shared/decisions/decide-clip';
import { observeStage, type Metrics } from '@timbre/shared/observability/metrics';
import { encodeWindowAnswers } from '@timbre/shared/results/window-answers';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { decodeTensorPack, type TensorPack } from '@timbre/shared/tensor-pack';
import type { ModelHost } from '../inference/model-host.js';
import type { ServingModel } from '../inference/serving-model.js';

export interface InferSliceDeps {
  store: ObjectStore;
  models: Pick<ModelHost, 'get' | 'reserve'>;
  metrics: Metrics;
  onClip: (name: string) => Promise<void>;
  now?: () => number;
}

/** A stored pack may show late (RELIABILITY.md F24). */
const packRetryMs = 10_000;
const damages: ReadonlySet<string> = new Set(['tensor_corrupt', 'storage_corrupt', 'object_missing']);

interface OpenedClip {
  clip: PackedClip;
  pack: TensorPack;
}

export function createInferSliceHandler({
  store,
  models,
  metrics,
  onClip,
  now = Date.now,
}: InferSliceDeps): SliceHandler {
  return async (input, signal) => {
    const { spec, task, condemned } = input;
    observeStage(metrics, 'inferWait', 'bulk', Math.max(0, (now() - task.enqueuedAtMs) / 1000));
    const model = models.get(spec.model, spec.modelDigest);
    // Results of one batch come from one model: no other version may stand in.
    if (!model) throw new AppError('model_unavailable', { details: { model: spec.model } });
    let opened: { clips: OpenedClip[]; done: ItemResult[] };
    try {
      opened = await openSlice(input, signal);
    } catch (error) {
      if (isAppError(error) && damages.has(error.code)) return { kind: 'remake', cause: error };
      throw error;
    }
    const rows = opened.clips.reduce((sum, { pack }) => sum + (pack.shape[0] ?? 0), 0);
    const giveBack = await models.reserve(rows, 'bulk', signal);
    const startedAt = performance.now();
    try {
      const results = await inferAll(input, opened.clips, model, signal);
      observeStage(metrics, 'infer', 'bulk', (performance.now() - startedAt) / 1000);
      return {
        kind: 'finish',
        results: [...results, ...opened.done].sort((a, b) => a.index - b.index),
        clips: opened.clips.length,
        audioSeconds: opened.clips.reduce((sum, { pack }) => sum + pack.facts.clip.durationSeconds, 0),
      };
    } finally {
      giveBack();
    }

    async function inferAll(
      { announce, suspects }: SliceInput,
      clips: readonly OpenedClip[],
      serving: ServingModel,
      stop: AbortSignal,
    ): Promise<ItemResult[]> {
      if (!announce) return Promise.all(clips.map((clip) => inferClip(clip, serving, stop)));
      const results: ItemResult[] = [];
      const suspicion = ({ clip }: OpenedClip) => Number(suspects.has(clip.item.index));
      for (const each of [...clips].sort((a, b) => suspicion(b) - suspicion(a))) {
        const { index } = each.clip.item;
        await announce(index);
        results.push(
          condemned.has(index)
            ? failedItem(each.clip.item, new AppError('item_quarantined'), now())
            : await inferClip(each, serving, stop),
        );
        await announce(undefined);
      }
      return results;
    }
  };

  /** @throws AppError `object_missing`, `storage_corrupt`, `tensor_corrupt` */
  async function openSlice({ pack, spec }: SliceInput, signal: AbortSignal) {
    if (!pack) throw new AppError('object_missing', { detail: 'the slice has no tensor packs' });
    const readAt = performance.now();
    const read = { expectedSha256: pack.sha256, retryMissingMs: packRetryMs, signal };
    const { clips, done } = decodeSlicePack(await store.readAll(pack.key, read));
    observeStage(metrics, 'storeGet', 'bulk', (performance.now() - readAt) / 1000);
    const shape = windowShape(spec.features).join();
    const opened: OpenedClip[] = [];
    for (const clip of clips) {
      const tensors = decodeTensorPack(clip.pack);
      if (tensors.facts.featureDigest !== spec.featureDigest || tensors.shape.slice(1).join() !== shape)
        throw new AppError('tensor_corrupt', { detail: 'the tensor packs are of other features' });
      opened.push({ clip, pack: tensors });
      // A whole slice in one go would hold up whoever waits for a single clip.
      await setImmediate();
    }
    return { done, clips: opened };
  }

  async function inferClip({ clip, pack }: OpenedClip, model: ServingModel, signal: AbortSignal): Promise<ItemResult> {
    const { item, bytes } = clip;
    const { facts, windows, shape, offsets, rmsDbfs } = pack;
    await onClip(item.path);
    try {
      const outputs = await model.infer(windows, shape[0] ?? 0, { lane: 'bulk', signal });
      await setImmediate();
      return {
        ...itemNames(item),
        state: 'succeeded',
        clip: { ...facts.clip, bytes, sha256: facts.clipSha256 },
        result: decideClip(model.card, pack, outputs),
        windows: encodeWindowAnswers({ outputs, rmsDbfs, offsets }),
        modelDigest: model.modelDigest,
        provider: model.provider,
        finishedAtMs: now(),
      };
    } catch (thrown) {
      const error = toAppError(thrown);
      if (isAborted(signal) || outages.has(error.code) || error.code === 'queue_full') throw thrown;
      return failedItem({ ...item, bytes, sha256: facts.clipSha256 }, error, now());
    }
  }
}
