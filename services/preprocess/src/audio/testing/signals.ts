/** Test signals with known properties, and how close two signals are. */

/** Interleaved stereo-or-more music-like sound: a chord that glides, different in each channel, peak under 0.7. */
export function chord({ seconds = 1, rateHz = 44_100, channels = 2 } = {}): Float32Array {
  const frames = Math.round(seconds * rateHz);
  const samples = new Float32Array(frames * channels);
  for (let frame = 0; frame < frames; frame++) {
    const t = frame / rateHz;
    for (let channel = 0; channel < channels; channel++) {
      const base = 220 * (1 + channel / 3);
      const glide = 0.3 * Math.sin(2 * Math.PI * (base + 60 * t) * t);
      samples[frame * channels + channel] = glide + 0.25 * Math.sin(2 * Math.PI * base * 2.5 * t) * Math.exp(-t);
    }
  }
  return samples;
}

export function sine(hz: number, { seconds = 1, rateHz = 44_100, amplitude = 0.5 } = {}): Float32Array {
  const step = (2 * Math.PI * hz) / rateHz;
  return Float32Array.from({ length: Math.round(seconds * rateHz) }, (_, i) => amplitude * Math.sin(step * i));
}

/** Mean over the channels of interleaved samples. */
export function mixDown(interleaved: Float32Array, channels: number): Float32Array {
  return Float32Array.from({ length: interleaved.length / channels }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += interleaved[frame * channels + channel] ?? 0;
    return sum / channels;
  });
}

/** 10·log10 of signal power over the power of the difference, without `margin` samples at both ends. */
export function signalToNoiseDb(expected: Float32Array, actual: Float32Array, { margin = 0, lag = 0 } = {}): number {
  let signal = 0;
  let noise = 0;
  const end = Math.min(expected.length, actual.length - lag) - margin;
  for (let i = Math.max(margin, -lag); i < end; i++) {
    const wanted = expected[i] ?? 0;
    signal += wanted ** 2;
    noise += (wanted - (actual[i + lag] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

/** The shift, in samples, at which `actual` fits `expected` best. */
export function bestLag(expected: Float32Array, actual: Float32Array, range: number): number {
  let best = { lag: 0, snr: -Infinity };
  for (let lag = -range; lag <= range; lag++) {
    const snr = signalToNoiseDb(expected, actual, { margin: range, lag });
    if (snr > best.snr) best = { lag, snr };
  }
  return best.lag;
}

/** Uniform in 0..1, the same sequence for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
