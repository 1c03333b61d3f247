/**
 * Threads for the CPU work of preprocessing: one pool for each lane, so that a person never waits behind an archive's
 * decodes; the bulk threads run at a lower scheduling priority where the platform lets them.
 */
import { Piscina } from 'piscina';
import { AppError, deserializeError } from '@timbre/shared/errors';
import { wavHeader } from '@timbre/shared/wav-header';
import type { Lane } from '@timbre/shared/contracts/job';
import { defaultDecodeLimits } from '../audio/decode-limits.js';
import type { ClipAnswer, ClipTask, ClipTensors } from './clip-task.js';

export interface ThreadPool {
  /** @throws AppError, `resource_limit` when the thread ran out of memory */
  run(task: ClipTask, lane: Lane, signal: AbortSignal): Promise<ClipTensors>;
  /** Starts threads and loads their code, so the first clip does not pay for it. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Weighs bulk threads at a thirtieth of the others where both want a core, and costs nothing where they do not. */
const bulkNice = 15;

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
  const pools: Record<Lane, Piscina<ClipTask, ClipAnswer>> = { interactive: open(0), bulk: open(bulkNice) };

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
      const clip = async (pool: Piscina<ClipTask, ClipAnswer>): Promise<void> => {
        const answer = await pool.run(warmUpTask());
        if (!answer.ok) throw deserializeError(answer.error);
      };
      await Promise.all(Object.values(pools).flatMap((pool) => Array.from({ length: threads }, () => clip(pool))));
    },
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
    },
  };
}

/** Half a second of quiet wav at another rate than the features', so decoder, resampler and kernel are all compiled. */
function warmUpTask(): ClipTask {
  const samples = 8000;
  const file = Buffer.concat([wavHeader('pcm16', 16_000, samples * 2), Buffer.alloc(samples * 2)]);
  for (let index = 0; index < samples; index += 1) file.writeInt16LE(1000 * ((index % 40) - 20), 44 + index * 2);
  const stft = {
    nFft: 1024,
    hopLength: 512,
    winLength: 1024,
    nMels: 64,
    fMinHz: 0,
    fMaxHz: null,
    center: true,
  } as const;
  const scale = { melScale: 'htk', melNorm: 'none', power: 2, log: { kind: 'db', topDb: 80 } } as const;
  return {
    bytes: new Uint8Array(file),
    features: {
      version: 1,
      sampleRateHz: 22_050,
      crop: { kind: 'head', seconds: 0.5 },
      transform: { kind: 'mfcc', ...stft, ...scale, coefficients: 15 },
    },
    featureDigest: 'warm-up',
    limits: defaultDecodeLimits,
    ffmpegPath: null,
  };
}
