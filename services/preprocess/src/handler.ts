/** The preprocess stage on one screen: get the clip, make its tensor pack, store the pack, hand the job on. */
import { AppError } from '@timbre/shared/errors';
import { fleetingPackKey, peaksKey, tensorPackKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { PublicFetch } from '@timbre/shared/net/public-fetch';
import { observeStage, timeStage, type Metrics } from '@timbre/shared/observability/metrics';
import type { StageHandler, StageOutput } from '@timbre/shared/queue/stage-runner';
import type { ClipPeaks } from '@timbre/shared/contracts/clip-peaks';
import type { JobSpec } from '@timbre/shared/contracts/job';
import type { ByteBudget } from './byte-budget.js';
import type { DecodeLimits } from './audio/decode-clip.js';
import type { ThreadPool } from './threads/thread-pool.js';

export interface PreprocessDeps {
  store: ObjectStore;
  threads: ThreadPool;
  metrics: Metrics;
  publicFetch: PublicFetch;
  limits: DecodeLimits;
  ffmpegPath: string | null;
  maxFileBytes: number;
  budget: ByteBudget;
  now?: () => number;
}

/** A stored object may show late on some stores. */
const lateObjectMs = 10_000;

export function createPreprocessHandler(deps: PreprocessDeps): StageHandler {
  const { store, threads, metrics, limits, ffmpegPath, maxFileBytes, budget } = deps;
  const now = deps.now ?? Date.now;

  /** The clip's bytes; a clip given by URI is fetched into the store first, once. */
  const readClip = async (spec: JobSpec, signal: AbortSignal): Promise<Buffer> => {
    const { source } = spec;
    if (source.uri !== undefined && !(await store.head(source.key))) {
      const { body, contentType } = await deps.publicFetch.fetchStream(source.uri, signal);
      try {
        const type = contentType === undefined ? {} : { contentType };
        await store.put(source.key, body, { maxBytes: maxFileBytes, signal, ...type });
      } finally {
        body.destroy();
      }
    }
    return store.readAll(source.key, {
      maxBytes: maxFileBytes,
      signal,
      retryMissingMs: lateObjectMs,
      ...(source.sha256 === undefined ? {} : { expectedSha256: source.sha256 }),
    });
  };

  /** A waveform to look at is not worth a failed job. */
  const storePeaks = async (spec: JobSpec, peaks: ClipPeaks | undefined): Promise<void> => {
    if (!peaks) return;
    const content = Buffer.from(JSON.stringify(peaks));
    const stored = store.put(peaksKey(spec), content, { contentType: 'application/json', durability: 'volatile' });
    await stored.catch(() => undefined);
  };

  return async ({ record }, signal) => {
    const { spec } = record;
    const startedAt = now();
    const timed = <T>(stage: 'storeGet' | 'storePut', work: Promise<T>) =>
      timeStage(metrics, { stage, lane: spec.lane }, work);

    const giveBack = await budget.take(spec.source.bytes ?? maxFileBytes, signal);
    try {
      return await makePack();
    } finally {
      giveBack();
    }

    async function makePack(): Promise<StageOutput> {
      const bytes = await timed('storeGet', readClip(spec, signal));
      if (bytes.length === 0) throw new AppError('audio_empty', { detail: 'the file has 0 bytes' });
      const byteCount = bytes.length;
      const task = {
        bytes: ownBuffer(bytes),
        features: spec.features,
        featureDigest: spec.featureDigest,
        limits,
        ffmpegPath,
        peaks: !spec.fleeting,
      };
      const tensors = await threads.run(task, spec.lane, signal);
      observeStage(metrics, 'decode', spec.lane, tensors.decodeSeconds);
      observeStage(metrics, 'features', spec.lane, tensors.featureSeconds);

      const key = spec.fleeting
        ? fleetingPackKey(spec)
        : tensorPackKey(spec.tenant, tensors.clipSha256, spec.featureDigest);
      const pack = Buffer.from(tensors.pack.buffer, tensors.pack.byteOffset, tensors.pack.byteLength);
      await timed(
        'storePut',
        Promise.all([store.put(key, pack, { durability: 'volatile', signal }), storePeaks(spec, tensors.peaks)]),
      );
      const packedAtMs = now();
      const waitSeconds = Math.max(0, (startedAt - spec.createdAtMs) / 1000);
      observeStage(metrics, 'wait', spec.lane, waitSeconds);
      return {
        kind: 'advance',
        pack: { key, bytes: pack.length, sha256: tensors.packSha256, windows: tensors.windows },
        progress: {
          clip: { ...tensors.clip, bytes: byteCount, sha256: tensors.clipSha256 },
          timings: { waitSeconds, preprocessSeconds: (packedAtMs - startedAt) / 1000 },
          packedAtMs,
        },
        audioSeconds: tensors.clip.durationSeconds,
      };
    }
  };
}

/** Bytes whose buffer holds nothing else, so it can be transferred to a thread: small Buffers share Node's pool. */
function ownBuffer(bytes: Buffer): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
