/** What the kernel benchmark runs inside its own process: the clip, the way to measure a pass, and meyda's pass. */
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import meydaModule from 'meyda';

// meyda's types describe its ES module; Node loads its CommonJS build, whose export is the object itself.
const meyda = meydaModule as unknown as typeof meydaModule.default;

/** Processor seconds of so many passes over the clip. */
export type Work = (iterations: number) => number | Promise<number>;

/** Measures a synchronous pass by the processor time of this process, its helper threads included. */
export function inProcess(pass: () => unknown): Work {
  return (iterations) => {
    const before = process.cpuUsage();
    for (let i = 0; i < iterations; i++) pass();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
}

/** meyda's MFCC is another definition, but the same kind of work: window, spectrum, mel bands, logarithm, cosines. */
export function meydaPass({ sampleRateHz, transform }: FeatureSpec, pcm: Float32Array): () => unknown {
  if (transform.kind === 'waveform') throw new Error('meyda has nothing to do for a waveform');
  const { nFft, hopLength } = transform;
  const settings = {
    bufferSize: nFft,
    sampleRate: sampleRateHz,
    melBands: transform.nMels,
    numberOfMFCCCoefficients: transform.kind === 'mfcc' ? transform.coefficients : transform.nMels,
  };
  const feature = transform.kind === 'mfcc' ? 'mfcc' : 'melBands';
  return () => {
    Object.assign(meyda, settings);
    const features: unknown[] = [];
    for (let start = 0; start + nFft <= pcm.length; start += hopLength)
      features.push(meyda.extract(feature, pcm.subarray(start, start + nFft)));
    return features;
  };
}

/** A plucked 440 Hz tone every second over noise; the same on every machine. */
export function makeClip(rateHz: number, seconds: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: rateHz * seconds }, (_, i) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const tone = Math.sin((2 * Math.PI * 440 * i) / rateHz) * Math.exp((-2 * (i % rateHz)) / rateHz);
    return 0.4 * tone + 0.05 * (state / 2 ** 32 - 0.5);
  });
}
