/**
 * Reads sources in a thread of its own: hashing and inflating an archive keeps a core busy, and the event loop that hands
 * slices to the decoders and renews locks must not wait for it.
 */
import { constants, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { pino } from 'pino';
import { AppError, serializeError, toAppError, type SerializedError } from '@timbre/shared/errors';
import { createBatchLedger } from '@timbre/shared/batch/batch-ledger';
import type { ExpandHandler } from '@timbre/shared/queue/expand-consumer';
import { createRedis } from '@timbre/shared/queue/redis-connection';
import { createObjectStore } from '@timbre/shared/storage/create-object-store';
import { openImportStores } from '@timbre/shared/storage/open-import-stores';
import { defaultArchiveLimits } from '../archives/archive-limits.js';
import { createEarlierResults } from '../slices/earlier-results.js';
import { createExpander } from './expander.js';

export interface ExpandThreadData {
  redisUrl: string;
  objectStoreUrl: string | undefined;
  dataDir: string;
  importUrls: string | undefined;
  maxFileBytes: number;
  maxClips: number;
  reuseMaxClips: number;
  slices: { maxClips: number; maxSeconds: number };
}

export type ToExpandThread =
  | { kind: 'expand'; task: number; batch: Parameters<ExpandHandler>[0] }
  | { kind: 'abort'; task: number; reason: SerializedError | undefined };

export interface FromExpandThread {
  task: number;
  /** The error that ended the batch's growth. */
  ended?: SerializedError;
  overtaken?: true;
  /** The attempt itself failed. */
  thrown?: SerializedError;
}

// On Linux this is the priority of the calling thread alone; elsewhere it would be that of the whole process.
if (platform() === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

const data = workerData as ExpandThreadData;
const store = createObjectStore({ url: data.objectStoreUrl, dataDir: data.dataDir });
// What is wrong with the connection is logged by that of the main thread.
const batches = createBatchLedger(createRedis(data.redisUrl, 'call', pino({ level: 'silent' })));
const expand = createExpander({
  store,
  batches,
  importStores: openImportStores(data.importUrls),
  earlier: createEarlierResults(store, batches),
  limits: { ...defaultArchiveLimits(data.maxFileBytes), maxEntries: data.maxClips },
  most: data.reuseMaxClips,
  slices: data.slices,
});
const running = new Map<number, AbortController>();

async function answerTo(task: number, batch: Parameters<ExpandHandler>[0]): Promise<FromExpandThread> {
  const controller = new AbortController();
  running.set(task, controller);
  try {
    const ended = await expand(batch, controller.signal);
    if (ended === 'overtaken') return { task, overtaken: true };
    return { task, ...(ended ? { ended: serializeError(ended) } : {}) };
  } catch (thrown) {
    const error = toAppError(thrown);
    const told = error.code === 'internal' ? new AppError('internal', { detail: String(error.cause) }) : error;
    return { task, thrown: serializeError(told) };
  } finally {
    running.delete(task);
  }
}

parentPort?.on('message', (message: ToExpandThread) => {
  if (message.kind === 'abort') {
    running.get(message.task)?.abort(new AppError(message.reason?.code ?? 'shutting_down'));
    return;
  }
  void answerTo(message.task, message.batch).then((answer) => parentPort?.postMessage(answer));
});
