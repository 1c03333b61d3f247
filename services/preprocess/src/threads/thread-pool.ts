/**
 * Threads for the CPU work of preprocessing: one pool for each lane, so that a person never waits behind an archive's
 * decodes; the bulk threads run at a lower scheduling priority where the platform lets them.
 */
import { Piscina } from 'piscina';
import { AppError, deserializeError } from '@timbre/shared/errors';
import type { Lane } from '@timbre/shared/contracts/job';
import type { ClipAnswer, ClipTask, ClipTensors } from './clip-task.js';

export interface ThreadPool {
  /** @throws AppError, `resource_limit` when the thread ran out of memory */
  run(task: ClipTask, lane: Lane, signal: AbortSignal): Promise<ClipTensors>;
  /** Starts threads and loads their code, so the first clip does not pay for it. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

export interface ThreadPoolOptions {
  threads: number;
  /** Heap limit of one thread; typed arrays live outside the heap and are bounded by the decode limits. */
  heapMb?: number;
}

export function createThreadPool({ threads, heapMb = 512 }: ThreadPoolOptions): ThreadPool {
  const entry = new URL('./preprocess-thread.js', import.meta.url).href;
  const open = (niceIncrement: number) =>
    new Piscina<ClipTask, ClipAnswer>({
      filename: entry,
      minThreads: threads,
      maxThreads: threads,
      niceIncrement,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
  const pools: Record<Lane, Piscina<ClipTask, ClipAnswer>> = { interactive: open(0), bulk: open(5) };

  return {
    async run(task, lane, signal) {
      let answer: ClipAnswer;
      try {
        answer = await pools[lane].run(task, { signal, transferList: [task.bytes.buffer as ArrayBuffer] });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const outOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
        throw new AppError(outOfMemory ? 'resource_limit' : 'decoder_crashed', { cause: error });
      }
      if (answer.ok) return answer.tensors;
      throw deserializeError(answer.error);
    },
    async warmUp() {
      const nothing = { bytes: new Uint8Array(0) } as ClipTask;
      await Promise.all(
        Object.values(pools).flatMap((pool) => Array.from({ length: threads }, () => pool.run({ ...nothing }))),
      );
    },
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
    },
  };
}
