/** Bytes of a clip → tensor pack: decode, measure, extract, encode. CPU work, so it runs in threads (or offline tools). */
import { performance } from 'node:perf_hooks';
import { sha256Hex } from '@timbre/shared/digest';
import { encodeTensorPack } from '@timbre/shared/tensor-pack';
import { canonicalJson } from '@timbre/shared/digest';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { decodeClip } from './audio/decode-clip.js';
import { createFeatureExtractor, type FeatureExtractor } from './features/extract-features.js';
import { measurePeaks } from './features/clip-peaks.js';
import { measureQuality } from './features/clip-quality.js';
import type { ClipTask, ClipTensors } from './threads/clip-task.js';

/** Plans (filterbanks, FFT tables) by feature spec; a process meets few specs. */
const extractors = new Map<string, FeatureExtractor>();

function extractorFor(spec: FeatureSpec): FeatureExtractor {
  const key = canonicalJson(spec);
  let extractor = extractors.get(key);
  if (!extractor) {
    if (extractors.size >= 32) extractors.clear();
    extractor = createFeatureExtractor(spec);
    extractors.set(key, extractor);
  }
  return extractor;
}

/** @throws AppError `audio_*`, `decoder_crashed`, `tensor_too_large` */
export async function preprocessClip(task: ClipTask, signal?: AbortSignal): Promise<ClipTensors> {
  const started = performance.now();
  const clipSha256 = sha256Hex(task.bytes);
  const decoded = await decodeClip(task.bytes, {
    targetRateHz: task.features.sampleRateHz,
    limits: task.limits,
    ffmpegPath: task.ffmpegPath,
    ...(signal ? { signal } : {}),
  });
  const decodedAt = performance.now();
  const quality = measureQuality(decoded.pcm, task.features.sampleRateHz);
  const facts = { clipSha256, clip: decoded.facts, quality, warnings: decoded.warnings };
  const { pack, windows } = task.probe ? { pack: new Uint8Array(), windows: 0 } : packOf(decoded.pcm, task, facts);
  return {
    pack,
    packSha256: task.inSlice ? '' : sha256Hex(pack),
    windows,
    ...facts,
    ...(task.peaks ? { peaks: measurePeaks(decoded.pcm, decoded.facts.durationSeconds) } : {}),
    decodeSeconds: (decodedAt - started) / 1000,
    featureSeconds: (performance.now() - decodedAt) / 1000,
  };
}

function packOf(
  pcm: Float32Array,
  { features, featureDigest }: ClipTask,
  facts: Pick<ClipTensors, 'clipSha256' | 'clip' | 'quality' | 'warnings'>,
): { pack: Uint8Array; windows: number } {
  const { data, shape, offsets, rmsDbfs } = extractorFor(features)(pcm);
  const pack = encodeTensorPack({
    shape,
    windows: data,
    offsets,
    rmsDbfs,
    facts: { packVersion: 1, featureDigest, ...facts },
  });
  return { pack, windows: shape[0] ?? 0 };
}
