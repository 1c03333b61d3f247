/**
 * Golden numbers: every `golden/*.json` was computed by torchaudio (tool and version inside, script
 * `training/golden/make_feature_golden.py`) for one feature spec and a signal made from a formula.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { featureSpecSchema } from '@timbre/shared/contracts/feature-spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFeatureExtractor } from './extract-features.js';

const goldenSchema = z.strictObject({
  tool: z.string(),
  script: z.string(),
  spec: featureSpecSchema,
  signalSeconds: z.number(),
  signalChecksum: z.number(),
  deviations: z.record(z.string(), z.number()),
  shape: z.array(z.int()),
  values: z.array(z.number()),
});

/** The signal of `make_signal` in the script: partials, noise of a congruential generator, digital silence. */
function makeSignal(rateHz: number, seconds: number): Float32Array {
  const count = Math.round(rateHz * seconds);
  const middle = Math.floor(count / 2);
  const signal = new Float32Array(count);
  for (let i = 0, state = 1; i < count; i++) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    let tone = 0;
    for (const k of [1, 2, 3])
      tone += (Math.exp((-3 * i * k) / rateHz) / k) * Math.sin((2 * Math.PI * 220 * k * k * i) / rateHz);
    const isSilent = i >= middle && i < middle + Math.floor(count / 10);
    signal[i] = isSilent ? 0 : 0.4 * tone + 0.02 * (state / 2 ** 32 - 0.5);
  }
  return signal;
}

const folder = new URL('./golden/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('features agree with torchaudio', () => {
  it('for 21 specs', () => expect(names).toHaveLength(21));

  it.each(names)('%s: within 1e-5 of the largest value, and each mel band within 2e-4 of itself', (name) => {
    const golden = goldenSchema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    const signal = makeSignal(golden.spec.sampleRateHz, golden.signalSeconds);
    const checksum = signal.reduce((sum, sample) => sum + Math.abs(sample), 0);
    expect(checksum).toBeCloseTo(golden.signalChecksum, 3);

    const { data, shape } = createFeatureExtractor(golden.spec)(signal);
    expect(shape).toEqual([1, 1, ...golden.shape]);
    const largest = Math.max(...golden.values.map(Math.abs));
    let deviation = 0;
    let bandDeviation = 0;
    golden.values.forEach((wanted, i) => {
      const difference = Math.abs(data[i]! - wanted);
      deviation = Math.max(deviation, difference / largest);
      if (wanted !== 0) bandDeviation = Math.max(bandDeviation, difference / Math.abs(wanted));
    });
    expect(deviation).toBeLessThan(1e-5);
    if (golden.spec.transform.kind === 'mel') expect(bandDeviation).toBeLessThan(2e-4);
  });
});
