/**
 * Tensor packs for a list of files, made by the very code that serves, so that training and serving cannot differ. One
 * pack per clip, named by its place in the list; a clip that fails is reported in the index with its code, like a job.
 */
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { digestOf } from '@timbre/shared/digest';
import { toAppError } from '@timbre/shared/errors';
import { defaultDecodeLimits } from '../audio/decode-clip.js';
import { createThreadPool } from '../threads/thread-pool.js';

export interface FeatureFolderOptions {
  spec: FeatureSpec;
  outDir: string;
  files: readonly string[];
  threads: number;
  ffmpegPath: string | null;
  signal: AbortSignal;
  onProgress: (done: number, failed: number) => void;
}

export interface IndexRow {
  file: string;
  /** Pack file in the output folder; absent when the clip failed. */
  pack?: string;
  windows?: number;
  durationSeconds?: number;
  code?: string;
}

/** Writes `<n>.safetensors`, `index.jsonl` (one row per file, in order) and `spec.json`. Returns the rows. */
export async function writeFeatureFolder(options: FeatureFolderOptions): Promise<IndexRow[]> {
  const { spec, outDir, files, threads, signal } = options;
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'spec.json'), `${JSON.stringify(spec, null, 2)}\n`);
  const pool = createThreadPool({ threads });
  const rows: IndexRow[] = new Array<IndexRow>(files.length);
  let next = 0;
  let done = 0;
  let failed = 0;

  const makeOne = async (index: number): Promise<IndexRow> => {
    const file = files[index] ?? '';
    try {
      const bytes = new Uint8Array(await readFile(file));
      const { ffmpegPath } = options;
      const task = { bytes, features: spec, featureDigest: digestOf(spec), limits: defaultDecodeLimits, ffmpegPath };
      const { pack, windows, clip } = await pool.run(task, 'bulk', signal);
      const name = `${String(index).padStart(7, '0')}.safetensors`;
      await writeFile(join(outDir, name), pack);
      return { file, pack: name, windows, durationSeconds: clip.durationSeconds };
    } catch (error) {
      signal.throwIfAborted();
      failed += 1;
      return { file, code: toAppError(error).code };
    }
  };
  const lane = async (): Promise<void> => {
    while (next < files.length) {
      const index = next++;
      rows[index] = await makeOne(index);
      done += 1;
      options.onProgress(done, failed);
    }
  };

  try {
    await Promise.all(Array.from({ length: threads + 1 }, lane));
  } finally {
    await pool.close();
  }
  const out = await open(join(outDir, 'index.jsonl'), 'w');
  for (const row of rows) await out.write(`${JSON.stringify(row)}\n`);
  await out.close();
  return rows;
}
