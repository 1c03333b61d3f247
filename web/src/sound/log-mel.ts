/**
 * A log-mel spectrogram for the eye: the filters of the model's feature spec (HTK scale), but frames only as dense as the
 * picture is wide, and decibels clamped to 80 below the loudest. Not what the model gets to the last digit.
 */
import { createFft } from './fft.js';

export interface MelOptions {
  sampleRateHz: number;
  nFft: number;
  nMels: number;
  fMinHz: number;
  fMaxHz: number;
  /** At most this many frames, evenly over the clip. */
  maxFrames: number;
}

export interface MelPicture {
  /** `[nMels, frames]`, lowest band first, 0 (80 dB below the loudest) to 255. */
  levels: Uint8ClampedArray<ArrayBuffer>;
  nMels: number;
  frames: number;
}

const RANGE_DB = 80;
const FLOOR = 1e-10;

const melOf = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
const hzOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

export function logMelPicture(samples: Float32Array, options: MelOptions): MelPicture {
  const { nFft, nMels } = options;
  const hop = Math.max(nFft / 2, Math.ceil(samples.length / options.maxFrames));
  const frames = Math.max(1, Math.ceil(samples.length / hop));
  const filters = triangles(options);
  const fft = createFft(nFft);
  const hann = Float32Array.from({ length: nFft }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / nFft));
  const [real, imaginary] = [new Float32Array(nFft), new Float32Array(nFft)];
  const decibels = new Float32Array(nMels * frames);
  let loudest = -Infinity;
  for (let frame = 0; frame < frames; frame += 1) {
    const start = frame * hop - nFft / 2;
    for (let i = 0; i < nFft; i += 1) real[i] = (samples[start + i] ?? 0) * (hann[i] ?? 0);
    imaginary.fill(0);
    fft.transform(real, imaginary);
    for (let mel = 0; mel < nMels; mel += 1) {
      const value = 10 * Math.log10(Math.max(FLOOR, energyIn(filters[mel], real, imaginary)));
      decibels[mel * frames + frame] = value;
      if (value > loudest) loudest = value;
    }
  }
  const levels = new Uint8ClampedArray(nMels * frames);
  for (let i = 0; i < levels.length; i += 1)
    levels[i] = 255 * Math.max(0, 1 + ((decibels[i] ?? 0) - loudest) / RANGE_DB);
  return { levels, nMels, frames };
}

interface Filter {
  firstBin: number;
  weights: Float32Array;
}

/** Triangles between neighbouring mel points, of height 1. A band narrower than a bin takes the nearest bin. */
function triangles({ sampleRateHz, nFft, nMels, fMinHz, fMaxHz }: MelOptions): Filter[] {
  const [low, high] = [melOf(fMinHz), melOf(fMaxHz)];
  const points = Array.from(
    { length: nMels + 2 },
    (_, i) => (hzOf(low + ((high - low) * i) / (nMels + 1)) * nFft) / sampleRateHz,
  );
  return Array.from({ length: nMels }, (_, mel) => {
    const [left = 0, centre = 0, right = 0] = points.slice(mel, mel + 3);
    const firstBin = Math.ceil(left);
    const bins = Math.max(0, Math.floor(right) - firstBin + 1);
    const weights = Float32Array.from({ length: bins }, (_, i) => {
      const bin = firstBin + i;
      return Math.max(0, Math.min((bin - left) / (centre - left), (right - bin) / (right - centre)));
    });
    return weights.some((weight) => weight > 0)
      ? { firstBin, weights }
      : { firstBin: Math.round(centre), weights: new Float32Array([1]) };
  });
}

function energyIn(filter: Filter | undefined, real: Float32Array, imaginary: Float32Array): number {
  if (!filter) return 0;
  let sum = 0;
  for (let i = 0; i < filter.weights.length; i += 1) {
    const bin = filter.firstBin + i;
    const [re, im] = [real[bin] ?? 0, imaginary[bin] ?? 0];
    sum += (filter.weights[i] ?? 0) * (re * re + im * im);
  }
  return sum;
}
