/**
 * Mel or log-mel columns of a window, frame by frame, without the clamp to `topDb` (which needs the whole window).
 * Frames are computed four at a time and independently of each other: the same samples always give the same bits,
 * whichever window they are met in.
 */
import type { StftTransform } from '@timbre/shared/contracts/feature-spec';
import { copyMirrored, type ClipWindow } from './clip-window.js';
import type { Kernel, KernelArena } from './kernel-arena.js';
import { createMelBands } from './mel-filterbank.js';
import { PowerSpectrum } from './power-spectrum.js';

/** How many columns beyond the last one asked for may be overwritten. */
export const SPILL_COLUMNS = 3;
/** Frames whose samples are copied into the kernel's memory at once; 64 at hop 512 are 130 kB, well within a level 2 cache. */
const CHUNK_FRAMES = 64;
/** torchaudio `AmplitudeToDB`: the least power or magnitude that counts. */
const DB_FLOOR = 1e-10;

/** Where columns go: the address of row 0 in the first column, and the bytes from row to row. */
export interface ColumnTarget {
  address: number;
  rowBytes: number;
}

interface LogSettings {
  floor: number;
  offset: number;
  scale: number;
}

export class MelFrames {
  readonly #nMels: number;
  readonly #hop: number;
  readonly #lead: number;
  readonly #log: LogSettings | undefined;
  readonly #spectrum: PowerSpectrum;
  readonly #samples: number;
  readonly #spans: number;
  readonly #weights: number;

  constructor(transform: StftTransform, sampleRateHz: number, arena: KernelArena) {
    this.#nMels = transform.nMels;
    this.#hop = transform.hopLength;
    this.#lead = leadSamples(transform);
    this.#log = logSettings(transform);
    this.#spectrum = new PowerSpectrum(transform, arena);
    const bands = createMelBands(transform, sampleRateHz);
    this.#spans = arena.place(bands.spans);
    this.#weights = arena.place(bands.weights);
    this.#samples = arena.room((CHUNK_FRAMES - 1) * this.#hop + this.#spectrum.frameSamples);
  }

  /** Writes frames `first` to `first + count` as columns; up to `SPILL_COLUMNS` further ones are overwritten. */
  compute(kernel: Kernel, window: ClipWindow, frames: { first: number; count: number }, to: ColumnTarget): void {
    for (let done = 0; done < frames.count; done += CHUNK_FRAMES) {
      const lanes = Math.ceil(Math.min(CHUNK_FRAMES, frames.count - done) / 4) * 4;
      const begin = this.#samples / 4;
      const end = begin + (lanes - 1) * this.#hop + this.#spectrum.frameSamples;
      copyMirrored(window, (frames.first + done) * this.#hop - this.#lead, kernel.floats.subarray(begin, end));
      for (let lane = 0; lane < lanes; lane += 4) {
        this.#spectrum.run(kernel, this.#samples + lane * this.#hop * 4);
        this.#writeColumns(kernel, to.address + (done + lane) * 4, to.rowBytes);
      }
    }
  }

  #writeColumns(kernel: Kernel, address: number, rowBytes: number): void {
    kernel.sumBands(this.#spectrum.address, this.#spans, this.#nMels, this.#weights, address, rowBytes);
    if (!this.#log) return;
    const { floor, offset, scale } = this.#log;
    kernel.logarithm(address, this.#nMels, rowBytes, floor, offset, scale);
  }
}

/** Mirrored samples before the window (and after it) that centred frames see. */
export function leadSamples({ center, nFft }: StftTransform): number {
  return center ? Math.floor(nFft / 2) : 0;
}

function logSettings(transform: StftTransform): LogSettings | undefined {
  if (transform.kind === 'mel') return undefined;
  if (transform.log.kind === 'ln') return { floor: 0, offset: transform.log.offset, scale: 1 };
  return { floor: DB_FLOOR, offset: 0, scale: (transform.power === 2 ? 10 : 20) / Math.LN10 };
}
