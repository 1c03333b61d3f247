import { afterEach, describe, expect, it } from 'vitest';
import { isAppError } from '@timbre/shared/errors';
import { createPcmSink, type PcmSink } from './pcm-sink.js';
import { limitsWith } from './testing/expectations.js';
import type { DecodeLimits } from './decode-limits.js';

const open: PcmSink[] = [];
afterEach(() => open.splice(0).forEach((sink) => sink.free()));

async function sinkWith(limits: Partial<DecodeLimits> = {}, targetRateHz = 8000): Promise<PcmSink> {
  const sink = await createPcmSink({ targetRateHz, limits: limitsWith(limits) });
  open.push(sink);
  return sink;
}

function codeOf(step: () => void): string {
  try {
    step();
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
  return 'no error';
}

const constant = (value: number, frames: number) => new Float32Array(frames).fill(value);

describe('PcmSink', () => {
  it.each([
    ['1 plane', [0.5], 0.5],
    ['2 planes', [0.5, -0.25], 0.125],
    ['3 planes', [0.5, 0.25, 0.75], 0.5],
    ['8 planes', [1, 0, 0, 0, 0, 0, 0, 0], 0.125],
  ])('mixes %s to their mean', async (_, values, mean) => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 8000, channels: values.length }, null);
    sink.write(
      values.map((value) => constant(value, 5000)),
      5000,
    );
    expect(sink.finish()).toEqual(constant(mean, 5000));
  });

  it('mixes interleaved frames and applies a gain to planes', async () => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 8000, channels: 2 }, null);
    sink.writeInterleaved(Float32Array.of(0.5, 0.25, -1, 0), 2);
    sink.write([constant(0.5, 1), constant(0.5, 1)], 1, 0.5);
    expect([...sink.finish()]).toEqual([0.375, -0.5, 0.25]);
  });

  it('goes on without a seam when the same rate is announced again, and resamples anew for another', async () => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 16_000, channels: 1 }, null);
    sink.write([constant(0.5, 1600)], 1600);
    sink.begin({ sampleRateHz: 16_000, channels: 2 }, null);
    sink.write([constant(0.5, 1600), constant(0.5, 1600)], 1600);
    sink.begin({ sampleRateHz: 4000, channels: 1 }, null);
    sink.write([constant(0.5, 400)], 400);
    expect(sink.seconds).toBeCloseTo(0.3);
    const pcm = sink.finish();
    expect(pcm).toHaveLength(2400);
    expect(Math.abs(pcm[800]! - 0.5)).toBeLessThan(1e-3);
  });

  it('hands over PCM that is alone in its buffer', async () => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 8000, channels: 1 }, 100_000);
    sink.write([constant(0.1, 3000)], 3000);
    const pcm = sink.finish();
    expect(pcm.buffer.byteLength).toBe(3000 * 4);
  });

  it.each([
    [{ sampleRateHz: 8000, channels: 0 }, 'audio_channels_out_of_range'],
    [{ sampleRateHz: 8000, channels: 9 }, 'audio_channels_out_of_range'],
    [{ sampleRateHz: 3999, channels: 1 }, 'audio_rate_out_of_range'],
    [{ sampleRateHz: 384_001, channels: 1 }, 'audio_rate_out_of_range'],
    [{ sampleRateHz: NaN, channels: 1 }, 'audio_rate_out_of_range'],
  ])('refuses %j', async (format, code) => {
    const sink = await sinkWith();
    expect(codeOf(() => sink.begin(format, null))).toBe(code);
  });

  it('accepts the limits themselves', async () => {
    const sink = await sinkWith();
    expect(codeOf(() => sink.begin({ sampleRateHz: 4000, channels: 8 }, null))).toBe('no error');
    expect(codeOf(() => sink.begin({ sampleRateHz: 384_000, channels: 1 }, null))).toBe('no error');
  });

  it.each([
    ['maxDurationSeconds', { maxDurationSeconds: 1 }, 'audio_too_long'],
    ['maxPcmBytes', { maxPcmBytes: 32_000 }, 'audio_decode_limit'],
    ['maxSourceSamples', { maxSourceSamples: 16_000 }, 'audio_decode_limit'],
  ])('holds %s against the header and against the samples', async (_, limits, code) => {
    const sink = await sinkWith(limits);
    const format = { sampleRateHz: 8000, channels: 2 };
    expect(codeOf(() => sink.begin(format, 8001))).toBe(code);
    expect(codeOf(() => sink.begin(format, 8000))).toBe('no error');
    const second = [constant(0, 8000), constant(0, 8000)];
    expect(codeOf(() => sink.write(second, 8000))).toBe('no error');
    expect(codeOf(() => sink.writeSilence(1))).toBe(code);
  });

  it('adds up durations over changes of format', async () => {
    const sink = await sinkWith({ maxDurationSeconds: 2 });
    sink.begin({ sampleRateHz: 8000, channels: 1 }, null);
    sink.writeSilence(8000);
    expect(codeOf(() => sink.begin({ sampleRateHz: 16_000, channels: 1 }, 16_001))).toBe('audio_too_long');
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d in any channel', async (value) => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 8000, channels: 2 }, null);
    const bad = constant(0, 6000);
    bad[5999] = value;
    expect(codeOf(() => sink.write([constant(0, 6000), bad], 6000))).toBe('audio_nonfinite');
  });

  it('measures the swing of the mono mix', async () => {
    const sink = await sinkWith();
    sink.begin({ sampleRateHz: 8000, channels: 1 }, null);
    expect(sink.swing).toBe(0);
    sink.write([constant(0.25, 10)], 10);
    expect(sink.swing).toBe(0);
    sink.write([constant(-0.25, 10)], 10);
    expect(sink.swing).toBe(0.5);
  });
});
