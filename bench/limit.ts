/** The limit of the machine: one process, one thread per core, decode → features → ONNX and nothing else. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { modelCardSchema } from '@timbre/shared/contracts/model-card';
import { root } from '@timbre/shared/testing/test-system';

export interface Limit {
  /** Seconds all threads need for the clips. */
  run(clips: Uint8Array[]): Promise<number>;
  close(): Promise<void>;
}

export async function startLimit(model: string): Promise<Limit> {
  const folder = join(root, 'models', model);
  const card = modelCardSchema.parse(JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')));
  const onnx = new Uint8Array(await readFile(join(folder, 'model.onnx')));
  const threads = availableParallelism();
  const entry = new URL('./limit-thread.js', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: { onnx, card } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    async run(clips) {
      const started = performance.now();
      await Promise.all(
        workers.map(async (worker, index) => {
          const share = clips.filter((_, clip) => clip % threads === index);
          if (share.length === 0) return;
          worker.postMessage(share);
          await once(worker, 'message');
        }),
      );
      return (performance.now() - started) / 1000;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
