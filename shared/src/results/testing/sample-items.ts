/** Clip results for tests: decided by the real decision code from answers that are kept with them. */
import type { ItemResult } from '../../contracts/batch.js';
import { modelCardSchema, type ModelCard } from '../../contracts/model-card.js';
import { decideClip } from '../../decisions/decide-clip.js';
import { encodeWindowAnswers } from '../window-answers.js';

export const sampleBatchId = `b${'0'.repeat(32)}`;

export function sampleCard(changes: Record<string, unknown> = {}): ModelCard {
  return modelCardSchema.parse({
    id: 'm',
    version: '1',
    title: 'M',
    labels: ['drums', 'violin'],
    features: {
      version: 1,
      sampleRateHz: 8000,
      crop: { kind: 'sliding', windowSeconds: 2, hopSeconds: 1 },
      transform: { kind: 'waveform' },
    },
    input: { name: 'x', dims: [null, 16000] },
    output: { name: 'y', kind: 'probabilities' },
    thresholds: { unknown: 0.5 },
    silenceGate: { rmsDbfs: -50 },
    onnxSha256: '0'.repeat(64),
    licence: 'MIT',
    ...changes,
  });
}

const quality = { peakDbfs: -3, rmsDbfs: -20, clippedRatio: 0, silentRatio: 0, noiseFloorDbfs: -70 };

export interface SampleWindows {
  /** `[windows][labels]` */
  rows: number[][];
  /** `[windows]`; all loud by default. */
  levels?: number[];
  /** `[windows, 2]`; 2 s every second by default. */
  offsets?: Float64Array;
  durationSeconds?: number;
}

/** A clip that succeeded with these answers. */
export function decidedItem(card: ModelCard, windows: SampleWindows, changes: Partial<ItemResult> = {}): ItemResult {
  const { rows } = windows;
  const { levels = rows.map(() => -20), durationSeconds = rows.length + 1 } = windows;
  const offsets =
    windows.offsets ?? Float64Array.from({ length: rows.length * 2 }, (_, at) => (at >> 1) + (at % 2) * 2);
  const outputs = Float32Array.from(rows.flat());
  const rmsDbfs = Float32Array.from(levels);
  const facts = { clip: { durationSeconds }, quality, warnings: [] };
  return {
    index: 0,
    path: 'a/take.wav',
    state: 'succeeded',
    clip: { format: 'wav', codec: 'pcm', sampleRateHz: 44100, channels: 2, durationSeconds, bytes: 1000, sha256: 'aa' },
    result: decideClip(card, { facts, offsets, rmsDbfs }, outputs),
    windows: encodeWindowAnswers({ outputs, rmsDbfs, offsets }),
    modelDigest: 'sha256:m',
    finishedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    ...changes,
  };
}

export function failedItem(code: string, changes: Partial<ItemResult> = {}): ItemResult {
  return {
    index: 0,
    path: 'a/bad.wav',
    state: 'failed',
    clip: {},
    error: { code, title: 'T', detail: `because of ${code}`, retryable: false },
    finishedAtMs: Date.UTC(2026, 0, 2),
    ...changes,
  };
}

export async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

export async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
