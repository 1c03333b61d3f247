/** The Python side of the kernel benchmark as a child process that answers one JSON line to each JSON line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { z } from 'zod';

const loadedSchema = z.object({
  /** Rivals that could not be imported, and why. */
  absent: z.array(z.string()).default([]),
  /** Name with version → its features of the clip, float32 in base64. */
  results: z.record(z.string(), z.string()).default({}),
});
const ranSchema = z.object({ cpuSeconds: z.number() });

export interface PythonRivals {
  load: (spec: FeatureSpec, file: string) => Promise<z.infer<typeof loadedSchema>>;
  /** Processor seconds of `iterations` passes. */
  run: (name: string, iterations: number) => Promise<number>;
  close: () => void;
}

/** One thread for every numeric library there is. */
const SINGLE_THREAD = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', NUMBA_NUM_THREADS: '1' };

export function startPythonRivals(python: string): PythonRivals {
  // The compiled benchmark runs from .cache/bench-dist.
  const script = fileURLToPath(new URL('../../bench/kernel_rivals.py', import.meta.url));
  const child = spawn(python, ['-W', 'ignore', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...SINGLE_THREAD },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) => reject(new Error(`${python} could not be started`, { cause })));
  });
  failed.catch(() => undefined);
  const ask = async <T>(schema: z.ZodType<T>, request: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await Promise.race([lines.next(), failed]);
    if (answer.done) throw new Error(`${python} ended without an answer`);
    return schema.parse(JSON.parse(answer.value));
  };
  return {
    load: (spec, file) => ask(loadedSchema, { action: 'load', spec, file }),
    run: async (name, iterations) => (await ask(ranSchema, { action: 'run', name, iterations })).cpuSeconds,
    close: () => child.stdin.end(),
  };
}
