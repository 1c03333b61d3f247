/**
 * The preprocess stage for a slice of a batch: get its clips, decode each, store their tensor packs as one object, hand the
 * slice on. Whatever is wrong with a clip becomes its result; a slice with nothing left for the model ends here.
 */
import { AppError, isAppError, toAppError } from '@timbre/shared/errors';
import { sha256Hex } from '@timbre/shared/digest';
import { outages } from '@timbre/shared/queue/outages';
import { isAborted } from '@timbre/shared/queue/abortable';
import { readSliceItems } from '@timbre/shared/batch/batch-objects';
import { copiedResult, failedItem, itemNames } from '@timbre/shared/batch/item-results';
import { encodeSlicePack, type PackedClip } from '@timbre/shared/batch/slice-pack';
import type { SliceHandler, SliceInput, SliceOutput } from '@timbre/shared/batch/slice-runner';
import type { BatchItem, ItemResult } from '@timbre/shared/contracts/batch';
import { observeStage, timeStage, type Metrics } from '@timbre/shared/observability/metrics';
import { batchInflatedKey, slicePackKey } from '@timbre/shared/storage/batch-keys';
import type { ByteBudget } from '../byte-budget.js';
import type { DecodeLimits } from '../audio/decode-clip.js';
import { openStoredSource } from '../expand/stored-source.js';
import type { ClipTensors } from '../threads/clip-task.js';
import type { ThreadPool } from '../threads/thread-pool.js';
import { inParallel } from './in-parallel.js';
import { readClips, type ClipBytes, type ClipBytesDeps } from './clip-bytes.js';
import type { EarlierResults } from './earlier-results.js';
import { keptTensors } from './kept-tensors.js';
import type { SourceSpecs } from './source-specs.js';

export interface SliceHandlerDeps extends ClipBytesDeps {
  threads: ThreadPool;
  /** Clips of one slice at work at the same time. */
  parallel: number;
  metrics: Metrics;
  limits: DecodeLimits;
  ffmpegPath: string | null;
  budget: ByteBudget;
  /** Slices at work at the same time. More only makes each end later, and holds more clips in memory. */
  slots: ByteBudget;
  sources: SourceSpecs;
  earlier: EarlierResults;
  onClip: (name: string) => Promise<void>;
  now?: () => number;
}

/** What became of a clip so far. */
type Outcome = { packed: PackedClip; seconds: number } | { done: ItemResult };

const quarantined = () =>
  new AppError('item_quarantined', { detail: 'the process that worked on this clip ended each time' });

export function createPreprocessSliceHandler(deps: SliceHandlerDeps): SliceHandler {
  const { store, metrics, budget } = deps;
  const now = deps.now ?? Date.now;

  const timed = <T>(stage: 'storeGet' | 'storePut', work: Promise<T>) =>
    timeStage(metrics, { stage, lane: 'bulk' }, work);

  return async (input, signal) => {
    const { task, spec, condemned } = input;
    const startedAt = now();
    const owner = { tenant: spec.tenant, id: spec.id };
    const items = await timed('storeGet', readSliceItems(store, owner, task));
    const kept = new Map(input.previous.filter(({ state }) => state === 'succeeded').map((item) => [item.index, item]));
    const decided: { done: ItemResult }[] = [];
    let open: BatchItem[] = [];
    for (const item of items) {
      const done = kept.get(item.index) ?? item.done;
      if (done) decided.push({ done });
      else if (condemned.has(item.index)) decided.push({ done: failedItem(item, quarantined(), now()) });
      else open.push(item);
    }
    const source = await deps.sources.of(spec);
    // Clips with a known result need no inference, so such a slice is not taken as a whole.
    const untouched = decided.every(({ done }) => done.state === 'failed');
    if (spec.source.kind === 'batch' && !spec.preflight && task.round === 0 && untouched) {
      const tensors = await keptTensors(store, source, { slice: task.slice, spec, items });
      if (tensors.reusable) {
        metrics.cacheHits.inc({ kind: 'tensors' }, open.length);
        return { kind: 'advance', pack: tensors.reusable, audioSeconds: tensors.seconds, clips: open.length };
      }
    }
    open = await copyEarlier(input, open, decided);
    const outcomes: Outcome[] = [...decided];
    const leave = await deps.slots.take(1, signal);
    try {
      const giveBack = await budget.take(bytesOf(open, task.audioMs), signal);
      try {
        outcomes.push(...(await workOn(input, open, source, signal)));
      } finally {
        giveBack();
      }
    } finally {
      leave();
    }
    observeStage(metrics, 'wait', 'bulk', Math.max(0, (startedAt - task.enqueuedAtMs) / 1000));
    return output(input, outcomes, signal);
  };

  /** Clips equal to an earlier one of the batch take its result, where there is one already. */
  async function copyEarlier(
    { task, spec }: SliceInput,
    open: BatchItem[],
    decided: { done: ItemResult }[],
  ): Promise<BatchItem[]> {
    const left: BatchItem[] = [];
    for (const item of open) {
      const first = item.duplicateOf;
      const known =
        first === undefined || first >= task.from
          ? undefined
          : await deps.earlier.find({ tenant: spec.tenant, id: spec.id }, first);
      if (known?.state === 'succeeded' && known.clip.sha256 === item.sha256)
        decided.push({ done: copiedResult(item, known, now()) });
      else left.push(item);
    }
    return left;
  }

  async function workOn(
    input: SliceInput,
    open: readonly BatchItem[],
    source: Awaited<ReturnType<SourceSpecs['of']>>,
    signal: AbortSignal,
  ): Promise<Outcome[]> {
    if (open.length === 0) return [];
    const inflated = open.some(({ ref }) => ref?.kind === 'range' && ref.inflated);
    const bytesOfSource = () => {
      const { source: from, tenant, id } = source.spec;
      if (from.kind !== 'object') throw new AppError('object_missing', { detail: 'the source is not kept' });
      // Its size does not matter: nothing is read but what the manifest names.
      const parts = inflated ? [{ key: batchInflatedKey({ tenant, id }), bytes: Number.MAX_SAFE_INTEGER }] : from.parts;
      return Promise.resolve(openStoredSource(store, parts, signal));
    };
    const { announce, suspects } = input;
    const read = (suspect: boolean) =>
      readClips(
        open.filter(({ index }) => suspects.has(index) === suspect),
        bytesOfSource,
        deps,
        signal,
      );
    async function* suspectsFirst() {
      yield* read(true);
      yield* read(false);
    }
    return inParallel(suspectsFirst(), announce ? 1 : deps.parallel, async (clip) => {
      await announce?.(clip.item.index);
      const outcome = await workOnClip(input, clip, signal);
      await announce?.(undefined);
      return outcome;
    });
  }

  async function workOnClip({ spec }: SliceInput, clip: ClipBytes, signal: AbortSignal): Promise<Outcome> {
    const { item } = clip;
    if ('error' in clip) return { done: failedItem(item, clip.error, now()) };
    const { length } = clip.bytes;
    await deps.onClip(item.path);
    try {
      if (length === 0) throw new AppError('audio_empty', { detail: 'the file has 0 bytes' });
      const tensors = await decodeTwice(spec, clip.bytes, signal);
      if (item.sha256 !== undefined && item.sha256 !== tensors.clipSha256)
        throw new AppError('storage_corrupt', { detail: 'the clip is not the one that was found' });
      observeStage(metrics, 'decode', 'bulk', tensors.decodeSeconds);
      observeStage(metrics, 'features', 'bulk', tensors.featureSeconds);
      const seconds = tensors.clip.durationSeconds;
      if (spec.preflight) return { done: probedItem(item, tensors, length, now()) };
      return { packed: { item, bytes: length, pack: tensors.pack }, seconds };
    } catch (thrown) {
      const error = toAppError(thrown);
      if (isAborted(signal) || outages.has(error.code)) throw thrown;
      return { done: failedItem({ ...item, bytes: length }, error, now()) };
    }
  }

  /** A decoder that crashed gets one more chance: it may have been the thread's doing. */
  async function decodeTwice(spec: SliceInput['spec'], bytes: Uint8Array, signal: AbortSignal): Promise<ClipTensors> {
    const { limits, ffmpegPath } = deps;
    const { features, featureDigest, preflight } = spec;
    const run = () =>
      deps.threads.run(
        { bytes: new Uint8Array(bytes), features, featureDigest, limits, ffmpegPath, probe: preflight, inSlice: true },
        'bulk',
        signal,
      );
    try {
      return await run();
    } catch (error) {
      if (isAborted(signal) || !isAppError(error) || !error.retryable) throw error;
      return run();
    }
  }

  async function output({ task, spec }: SliceInput, outcomes: Outcome[], signal: AbortSignal): Promise<SliceOutput> {
    const done = outcomes.flatMap((outcome) => ('done' in outcome ? [outcome.done] : []));
    const packed = outcomes.flatMap((outcome) => ('packed' in outcome ? [outcome] : []));
    const clips = packed.length;
    if (clips === 0) {
      const results = done.sort((a, b) => a.index - b.index);
      const seconds = results.reduce((sum, { clip }) => sum + (clip.durationSeconds ?? 0), 0);
      return { kind: 'finish', results, audioSeconds: seconds, clips: results.length };
    }
    packed.sort((a, b) => a.packed.item.index - b.packed.item.index);
    const content = encodeSlicePack({ clips: packed.map((each) => each.packed), done });
    // A later round holds only some clips: it must not take the place of the whole, which a rescore reads.
    const key = slicePackKey({ tenant: spec.tenant, id: spec.id }, task.slice, spec.featureDigest);
    const packKey = task.round === 0 ? key : `${key}-r${task.round}`;
    await timed('storePut', store.put(packKey, content, { durability: 'volatile', signal }));
    const pack = { key: packKey, bytes: content.length, sha256: sha256Hex(content), windows: clips };
    return { kind: 'advance', pack, clips, audioSeconds: packed.reduce((sum, { seconds }) => sum + seconds, 0) };
  }
}

function probedItem(item: BatchItem, { clip, clipSha256 }: ClipTensors, bytes: number, nowMs: number): ItemResult {
  return {
    ...itemNames(item),
    state: 'succeeded',
    clip: { ...clip, bytes, sha256: clipSha256 },
    finishedAtMs: nowMs,
  };
}

/** What the clips of a slice take in memory, as far as it is known before they are read. */
function bytesOf(items: readonly BatchItem[], audioMs: number): number {
  const known = items.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  return Math.max(1, known, items.some(({ bytes }) => bytes === undefined) ? audioMs * 176 : 0);
}
