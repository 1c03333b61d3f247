/**
 * What can be said about a clip's sound without a model: levels over the whole clip, and three descriptors by meyda over
 * a few of its sounding frames (meyda takes 40 µs for a frame of 512, so not over all of them).
 */
import type { ClipQuality } from '@timbre/shared/contracts/clip';
import meydaModule from 'meyda';
import { amplitudeToDbfs, meanSquare } from './loudness.js';

// meyda's types describe its ES module; Node loads its CommonJS build, whose export is the object itself.
const meyda = meydaModule as unknown as typeof meydaModule.default;

const FRAME_SECONDS = 0.05;
const SILENT_DBFS = -60;
const CLIPPED_AMPLITUDE = 0.999;
const QUIETEST_SHARE = 0.1;
const DESCRIPTOR_FRAMES = 8;
const DESCRIPTOR_SAMPLES = 512;

/**
 * Measures mono PCM, −1..1. Descriptors are absent when no frame sounds or the clip is shorter than one descriptor frame
 * (512 samples). An empty clip is all silence.
 */
export function measureQuality(pcm: Float32Array, sampleRateHz: number): ClipQuality {
  const { peak, clipped } = measurePeak(pcm);
  const { squares, starts } = measureFrames(pcm, Math.max(1, Math.round(FRAME_SECONDS * sampleRateHz)));
  const isSilent = (square: number) => amplitudeToDbfs(Math.sqrt(square)) < SILENT_DBFS;
  const sounding = starts.filter((_, i) => !isSilent(squares[i] ?? 0));
  return {
    peakDbfs: amplitudeToDbfs(peak),
    rmsDbfs: amplitudeToDbfs(Math.sqrt(meanSquare(pcm, 0, pcm.length))),
    clippedRatio: pcm.length === 0 ? 0 : clipped / pcm.length,
    silentRatio: starts.length === 0 ? 1 : 1 - sounding.length / starts.length,
    noiseFloorDbfs: amplitudeToDbfs(Math.sqrt(quietestMeanSquare(squares))),
    ...describeSound(pcm, sampleRateHz, sounding),
  };
}

function measurePeak(pcm: Float32Array): { peak: number; clipped: number } {
  let peak = 0;
  let clipped = 0;
  // By index: a for-of loop over a typed array takes ten times as long.
  for (let i = 0; i < pcm.length; i++) {
    const magnitude = Math.abs(pcm[i] ?? 0);
    if (magnitude > peak) peak = magnitude;
    if (magnitude >= CLIPPED_AMPLITUDE) clipped++;
  }
  return { peak, clipped };
}

/** Mean square of each frame; a rest of less than half a frame belongs to no frame unless it is all there is. */
function measureFrames(pcm: Float32Array, frameSamples: number): { squares: number[]; starts: number[] } {
  const count = pcm.length === 0 ? 0 : Math.max(1, Math.round(pcm.length / frameSamples));
  const starts = Array.from({ length: count }, (_, i) => i * frameSamples);
  const squares = starts.map((start) => meanSquare(pcm, start, Math.min(start + frameSamples, pcm.length)));
  return { squares, starts };
}

function quietestMeanSquare(squares: number[]): number {
  const quietest = Float64Array.from(squares)
    .sort()
    .subarray(0, Math.max(1, Math.floor(squares.length * QUIETEST_SHARE)));
  return quietest.reduce((sum, square) => sum + square, 0) / Math.max(1, quietest.length);
}

type Descriptors = Pick<ClipQuality, 'spectralCentroidHz' | 'spectralFlatness' | 'zeroCrossingRate'>;

/** Means over at most `DESCRIPTOR_FRAMES` frames spread evenly over the sounding ones. */
function describeSound(pcm: Float32Array, sampleRateHz: number, sounding: number[]): Descriptors {
  if (sounding.length === 0 || pcm.length < DESCRIPTOR_SAMPLES) return {};
  const frames = Math.min(DESCRIPTOR_FRAMES, sounding.length);
  const sums = { centroidBins: 0, flatness: 0, crossings: 0 };
  meyda.bufferSize = DESCRIPTOR_SAMPLES;
  meyda.sampleRate = sampleRateHz;
  for (let i = 0; i < frames; i++) {
    const wanted = sounding[Math.floor(((i + 0.5) * sounding.length) / frames)] ?? 0;
    const start = Math.min(wanted, pcm.length - DESCRIPTOR_SAMPLES);
    const frame = pcm.subarray(start, start + DESCRIPTOR_SAMPLES);
    const found = meyda.extract(['spectralCentroid', 'spectralFlatness', 'zcr'], frame);
    // A frame that is silent after all (the sounding part lies behind it) has no centroid: it counts as zero.
    sums.centroidBins += finiteOrZero(found?.spectralCentroid);
    sums.flatness += finiteOrZero(found?.spectralFlatness);
    sums.crossings += finiteOrZero(found?.zcr);
  }
  return {
    spectralCentroidHz: ((sums.centroidBins / frames) * sampleRateHz) / DESCRIPTOR_SAMPLES,
    spectralFlatness: sums.flatness / frames,
    zeroCrossingRate: sums.crossings / frames / (DESCRIPTOR_SAMPLES - 1),
  };
}

function finiteOrZero(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}
