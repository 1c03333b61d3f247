/**
 * The mel image `[nMels, columns]` of one window inside the kernel's memory, in two ways:
 * - whole: every frame is a column; a window that overlaps the one before it on the frame grid keeps the columns whose
 *   samples they share, which are the same bits as computed anew.
 * - sampled: only the frames a resize reads are kept, so a clip of any length takes bounded memory.
 */
import { frameCount, type StftTransform } from '@timbre/shared/contracts/feature-spec';
import { neededPositions, planResizeAxis, renumber, type ResizeAxis } from './bilinear-resize.js';
import type { ClipWindow } from './clip-window.js';
import type { Kernel, KernelArena } from './kernel-arena.js';
import { SPILL_COLUMNS, leadSamples, type MelFrames } from './mel-frames.js';

/** Frames computed at once where only some are kept. */
const SCAN_FRAMES = 64;

export interface ImagePlace {
  address: number;
  /** Values from row to row: the columns and room for spilled ones, a multiple of 4. */
  rowStride: number;
}

export function placeImage(arena: KernelArena, rows: number, columns: number): ImagePlace {
  const rowStride = Math.ceil((columns + SPILL_COLUMNS) / 4) * 4;
  return { address: arena.room(rows * rowStride), rowStride };
}

interface ImageSource {
  transform: StftTransform;
  frames: MelFrames;
  image: ImagePlace;
}

/** Fills the image with all frames. `hopSamples`: from the window written last to this one, when it follows that one. */
export function fillWhole(
  kernel: Kernel,
  { transform, frames, image }: ImageSource,
  window: ClipWindow,
  hopSamples: number | undefined,
): void {
  const count = frameCount(transform, window.samples);
  const compute = (first: number, end: number) => {
    if (end <= first) return;
    const target = { address: image.address + first * 4, rowBytes: image.rowStride * 4 };
    frames.compute(kernel, window, { first, count: end - first }, target);
  };
  const shared = hopSamples === undefined ? undefined : sharedFrames(transform, window.samples, hopSamples);
  if (!shared) {
    compute(0, count);
    return;
  }
  for (let row = 0; row < transform.nMels; row++) {
    const begin = image.address / 4 + row * image.rowStride + shared.first;
    kernel.floats.copyWithin(begin, begin + shared.shift, begin + shared.shift + shared.end - shared.first);
  }
  compute(0, shared.first);
  compute(shared.end, count);
}

/** Frames of a window that see only samples which frames `shift` later in the window before it saw, if there are any. */
export function sharedFrames(
  transform: StftTransform,
  samples: number,
  hopSamples: number,
): { first: number; end: number; shift: number } | undefined {
  const { hopLength, nFft } = transform;
  if (hopSamples % hopLength !== 0) return undefined;
  const lead = leadSamples(transform);
  const shift = hopSamples / hopLength;
  const first = Math.ceil(lead / hopLength);
  // The last frame of the earlier window that sees nothing mirrored behind its end.
  const end = Math.floor((samples - nFft + lead) / hopLength) + 1 - shift;
  return end > first ? { first, end, shift } : undefined;
}

/** Columns a resize to `outFrames` reads from `frames` frames, and its axis over just those. */
export function sampleColumns(frames: number, outFrames: number): { kept: Int32Array; axis: ResizeAxis } {
  const axis = planResizeAxis(frames, outFrames);
  const kept = neededPositions(axis);
  return { kept, axis: renumber(axis, kept) };
}

export function placeScan(arena: KernelArena, rows: number): ImagePlace {
  return placeImage(arena, rows, SCAN_FRAMES);
}

/**
 * Fills the image with the frames `kept` (ascending). Answers the largest value of all frames of the window when
 * `wantsMaximum`, else -Infinity; without it, stretches nobody reads are not computed.
 */
export function fillSampled(
  kernel: Kernel,
  { transform, frames, image, scan }: ImageSource & { scan: ImagePlace },
  window: ClipWindow,
  { kept, wantsMaximum }: { kept: Int32Array; wantsMaximum: boolean },
): number {
  const total = frameCount(transform, window.samples);
  const rowBytes = scan.rowStride * 4;
  let largest = -Infinity;
  for (let first = 0, next = 0; first < total;) {
    if (!wantsMaximum) {
      if (next >= kept.length) break;
      first = kept[next] ?? total;
    }
    const count = Math.min(wantsMaximum ? SCAN_FRAMES : 4, total - first);
    frames.compute(kernel, window, { first, count }, { address: scan.address, rowBytes });
    if (wantsMaximum) largest = Math.max(largest, kernel.maximum(scan.address, transform.nMels, rowBytes, count));
    for (; next < kept.length && (kept[next] ?? total) < first + count; next++)
      copyColumn(kernel.floats, transform.nMels, [scan, (kept[next] ?? 0) - first], [image, next]);
    first += count;
  }
  return largest;
}

function copyColumn(
  floats: Float32Array,
  rows: number,
  [from, fromColumn]: [ImagePlace, number],
  [to, toColumn]: [ImagePlace, number],
): void {
  for (let row = 0; row < rows; row++)
    floats[to.address / 4 + row * to.rowStride + toColumn] =
      floats[from.address / 4 + row * from.rowStride + fromColumn] ?? 0;
}
