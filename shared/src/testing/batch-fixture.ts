/** Batches on a real Redis and a real file store, for tests: manifests and results as the services write them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createBatchLedger, type BatchLedger } from '../batch/batch-ledger.js';
import { writeSliceResults } from '../batch/batch-objects.js';
import { countResults } from '../batch/slice-counts.js';
import { createSliceDirectory, sliceTask, type SliceDirectory } from '../batch/slice-directory.js';
import type { BatchItem, BatchSpec, ItemResult } from '../contracts/batch.js';
import type { Slice, SliceTask, StageName } from '../contracts/pipeline.js';
import { createRedis, type Redis } from '../queue/redis-connection.js';
import { createTaskQueues, type TaskQueues } from '../queue/task-queues.js';
import { batchSpecKey, manifestKey, shardIndexKey, shardItems } from '../storage/batch-keys.js';
import { createFileStore } from '../storage/file-store.js';
import type { ObjectStore } from '../storage/object-store.js';
import { startTestRedis } from './redis-server.js';

export const clipMs = 2000;

export interface BatchFixture {
  redis: Redis;
  batches: BatchLedger;
  queues: TaskQueues;
  store: ObjectStore;
  directory: SliceDirectory;
  clock: { now: number };
  /** Stores the spec and accepts it. */
  accept(spec: BatchSpec): Promise<void>;
  /** Stores a manifest shard whose slices have so many clips each, and adds it to the batch. */
  addShard(spec: BatchSpec, clips: readonly number[], options?: { shard?: number; token?: string }): Promise<string>;
  task(spec: BatchSpec, slice: number, stage?: StageName): Promise<SliceTask>;
  /** Takes a slice that was handed out to its end: `failing` of its clips fail. */
  finish(spec: BatchSpec, slice: number, failing?: number): Promise<boolean>;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBatchFixture(): Promise<BatchFixture> {
  const server = await startTestRedis();
  const redis = createRedis(server.url, 'call', pino({ level: 'silent' }));
  const root = await mkdtemp(join(tmpdir(), 'timbre-batches-'));
  const store = createFileStore({ root });
  const accepted = new Set<string>();
  const clock = { now: 1_700_000_000_000 };
  const batches = createBatchLedger(redis, () => clock.now);
  const queues = createTaskQueues(redis);
  const directory = createSliceDirectory(store, batches);

  const writeShard = async (spec: BatchSpec, slices: readonly Slice[], shard: number, token: string): Promise<void> => {
    const lines = slices.flatMap(({ from, count }) => itemsOf(from, count).map((item) => `${JSON.stringify(item)}\n`));
    let offset = 0;
    const placed = slices.map((slice) => {
      const bytes = lines.splice(0, slice.count).join('');
      const at = { ...slice, offset, bytes: Buffer.byteLength(bytes) };
      offset += at.bytes;
      return { at, bytes };
    });
    await store.put(manifestKey(spec, shard, token), Buffer.from(placed.map(({ bytes }) => bytes).join('')));
    const index = { v: 1, resume: String(shard + 1), slices: placed.map(({ at }) => at) };
    await store.put(shardIndexKey(spec, shard, token), Buffer.from(JSON.stringify(index)));
  };

  const task: BatchFixture['task'] = async (spec, slice, stage = 'preprocess') => {
    const round = (await batches.read(spec.id))?.round ?? 0;
    return sliceTask(spec, await directory.find(spec, slice), { stage, round, nowMs: clock.now });
  };

  return {
    redis,
    batches,
    queues,
    store,
    directory,
    clock,
    task,
    async accept(spec) {
      accepted.add(spec.id);
      await store.put(batchSpecKey(spec), Buffer.from(JSON.stringify(spec)));
      await batches.accept(spec, { maxLive: 1000 });
    },
    async addShard(spec, clips, { shard, token = 'aaaaaaaa' } = {}) {
      const record = await batches.read(spec.id);
      const number = shard ?? record?.shards ?? 0;
      const slices = slicesOf(clips, number, record?.slices ?? 0);
      await writeShard(spec, slices, number, token);
      return batches.addShard(spec.id, {
        shard: number,
        token,
        resume: String(number + 1),
        slices: slices.length,
        total: clips.reduce((sum, count) => sum + count, 0),
        msTotal: slices.reduce((sum, { audioMs }) => sum + audioMs, 0),
        todo: slices.map(({ slice, audioMs, count }) => ({ slice, ms: audioMs, jobs: count })),
        done: [],
        counts: {},
      });
    },
    async finish(spec, slice, failing = 0) {
      const work = await task(spec, slice);
      const begun = await batches.begin(work, 'attempt', false);
      if (begun.kind !== 'run') return false;
      const results = resultsOf(work, failing);
      const token = `r${String(slice).padStart(6, '0')}0`;
      await writeSliceResults(store, spec, { slice, token, results });
      return batches.commit(work, 'attempt', { result: token, counts: countResults(results), anyFailed: failing > 0 });
    },
    async clear() {
      await redis.flushall();
      for (const id of accepted) directory.forget(id);
      await store.deletePrefix('batches/');
      await store.deletePrefix('incoming/');
      clock.now = 1_700_000_000_000;
    },
    async stop() {
      await queues.close();
      redis.disconnect();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function slicesOf(clips: readonly number[], shard: number, first: number): Slice[] {
  let from = shard * shardItems;
  return clips.map((count, at) => {
    const slice = { slice: first + at, shard, from, count, offset: 0, bytes: 1, audioMs: count * clipMs };
    from += count;
    return slice;
  });
}

function itemsOf(from: number, count: number): BatchItem[] {
  return Array.from({ length: count }, (_, at) => ({ index: from + at, path: `${from + at}.wav` }));
}

/** Results of all clips of a task, the first `failing` of them bad. */
export function resultsOf({ from, count }: SliceTask, failing = 0): ItemResult[] {
  return itemsOf(from, count).map(({ index, path }, at) => ({
    index,
    path,
    finishedAtMs: 1,
    ...(at < failing
      ? {
          state: 'failed' as const,
          clip: {},
          error: { code: 'audio_corrupt', title: 'x', detail: 'x', retryable: false },
        }
      : { state: 'succeeded' as const, clip: { durationSeconds: clipMs / 1000 } }),
  }));
}
