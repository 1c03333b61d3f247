/**
 * What a feature spec computes from one window: the waveform itself, or mel, log-mel and MFCC images.
 * Everything that depends only on the spec is made once.
 */
import { frameCount, windowSamples, type FeatureSpec, type StftTransform } from '@timbre/shared/contracts/feature-spec';
import { planResizeAxis, resizeImage } from './bilinear-resize.js';
import { slidingHopSamples, unpaddedSamples, type ClipWindow } from './clip-window.js';
import { createDctMatrix } from './dct-matrix.js';
import { KernelArena, type Kernel } from './kernel-arena.js';
import { MelFrames } from './mel-frames.js';
import { fillSampled, fillWhole, placeImage, placeScan, sampleColumns, type ImagePlace } from './mel-image.js';

/**
 * Writes the features of a window to `out` (zeros, one row of the model's input, row-major). `follows`: the window is the
 * next one of the same clip after the window written last.
 */
export type WindowTransform = (window: ClipWindow, out: Float32Array, follows: boolean) => void;

export function createWindowTransform(spec: FeatureSpec): WindowTransform {
  return spec.transform.kind === 'waveform' ? copyWaveform : createImageTransform(spec, spec.transform);
}

function copyWaveform(window: ClipWindow, out: Float32Array): void {
  out.set(window.pcm.subarray(window.start, window.start + unpaddedSamples(window)));
}

/** Columns the mel image of one window needs at most. */
export function imageColumns(spec: FeatureSpec, transform: StftTransform): number {
  return spec.resize ? 2 * spec.resize.frames : frameCount(transform, windowSamples(spec) ?? 0);
}

function createImageTransform(spec: FeatureSpec, transform: StftTransform): WindowTransform {
  const arena = new KernelArena();
  const { nMels } = transform;
  const frames = new MelFrames(transform, spec.sampleRateHz, arena);
  const columnsAtMost = imageColumns(spec, transform);
  const image = placeImage(arena, nMels, columnsAtMost);
  const scan = placeScan(arena, nMels);
  const finish = placeRows(transform, arena, image, columnsAtMost);
  const kernel = arena.build();
  const source = { transform, frames, image, scan };
  const topDb = topDbOf(transform);
  const { resize, crop } = spec;

  if (!resize) {
    const hopSamples = crop.kind === 'sliding' ? slidingHopSamples(crop.hopSeconds, spec.sampleRateHz) : undefined;
    return (window, out, follows) => {
      fillWhole(kernel, source, window, follows ? hopSamples : undefined);
      const columns = frameCount(transform, window.samples);
      const floor =
        topDb === null ? -Infinity : kernel.maximum(image.address, nMels, image.rowStride * 4, columns) - topDb;
      copyImage(kernel, finish(kernel, columns, floor), columns, out);
    };
  }
  return (window, out) => {
    const { kept, axis } = sampleColumns(frameCount(transform, window.samples), resize.frames);
    const largest = fillSampled(kernel, source, window, { kept, wantsMaximum: topDb !== null });
    const { place, rows, floor } = finish(kernel, kept.length, topDb === null ? -Infinity : largest - topDb);
    const view = { values: kernel.floats, offset: place.address / 4, rowStride: place.rowStride };
    resizeImage(view, { rows: planResizeAxis(rows, resize.rows), columns: axis }, floor, out);
  };
}

/** An image whose values still have to be raised to `floor`. */
interface RowImage {
  place: ImagePlace;
  rows: number;
  floor: number;
}

/** What turns the mel image into the rows of the transform: for MFCC the cosine transform, otherwise nothing. */
function placeRows(
  transform: StftTransform,
  arena: KernelArena,
  image: ImagePlace,
  columnsAtMost: number,
): (kernel: Kernel, columns: number, floor: number) => RowImage {
  const { nMels } = transform;
  if (transform.kind !== 'mfcc') return (_kernel, _columns, floor) => ({ place: image, rows: nMels, floor });
  const rows = transform.coefficients;
  const place = placeImage(arena, rows, columnsAtMost);
  const matrix = arena.place(createDctMatrix(rows, nMels));
  const scratch = arena.room(nMels * 4);
  const rowBytes = image.rowStride * 4;
  return (kernel, columns, floor) => {
    const padded = Math.ceil(columns / 4) * 4;
    kernel.project(image.address, nMels, rowBytes, padded, floor, matrix, rows, place.address, scratch);
    return { place, rows, floor: -Infinity };
  };
}

function topDbOf(transform: StftTransform): number | null {
  return transform.kind !== 'mel' && transform.log.kind === 'db' ? transform.log.topDb : null;
}

function copyImage({ floats }: Kernel, { place, rows, floor }: RowImage, columns: number, out: Float32Array): void {
  let next = 0;
  for (let row = 0; row < rows; row++) {
    const begin = place.address / 4 + row * place.rowStride;
    for (let i = begin; i < begin + columns; i++) out[next++] = Math.max(floats[i] ?? 0, floor);
  }
}
