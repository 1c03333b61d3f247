/**
 * The WebAssembly kernel with a memory of exactly the size one feature plan needs. Addresses are handed out first, the
 * memory is made once and never grows, so views of it stay valid. Every plan has its own memory: nothing is shared.
 */
/* eslint max-params: off -- a WebAssembly function takes numbers, not objects */
import { kernelBinary } from './kernel-binary.js';

/** Functions of `services/preprocess/kernel`, documented there. Addresses are bytes, strides and counts are values. */
export interface KernelFunctions {
  radix2: (length: number, stride: number, x: number, y: number, twiddles: number) => void;
  radix4: (length: number, stride: number, x: number, y: number, twiddles: number) => void;
  radixAny: (
    radix: number,
    length: number,
    stride: number,
    x: number,
    y: number,
    twiddles: number,
    roots: number,
  ) => void;
  gather: (samples: number, hop: number, window: number, count: number, to: number) => void;
  widen: (from: number, count: number, to: number) => void;
  powerOfPackedReal: (z: number, half: number, twiddles: number, to: number) => void;
  powerOfComplex: (z: number, bins: number, to: number) => void;
  squareRoot: (at: number, count: number) => void;
  sumBands: (spectrum: number, bands: number, count: number, weights: number, to: number, rowBytes: number) => void;
  logarithm: (at: number, rows: number, rowBytes: number, floor: number, offset: number, scale: number) => void;
  maximum: (image: number, rows: number, rowBytes: number, columns: number) => number;
  project: (
    image: number,
    rows: number,
    rowBytes: number,
    columns: number,
    floor: number,
    matrix: number,
    outRows: number,
    to: number,
    scratch: number,
  ) => void;
}

export interface Kernel extends KernelFunctions {
  /** The whole memory; index = address / 4. */
  floats: Float32Array;
}

// The part of the WebAssembly interface used here; the ES library of TypeScript does not declare it.
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

const PAGE_BYTES = 65536;
const LANE_BYTES = 16;

/** Hands out addresses, then makes the kernel around them. */
export class KernelArena {
  #end = 0;
  readonly #tables: { address: number; values: Float32Array | Uint32Array }[] = [];

  /** Room for `count` floats, aligned to a vector. */
  room(count: number): number {
    const address = this.#end;
    this.#end += Math.ceil((count * 4) / LANE_BYTES) * LANE_BYTES;
    return address;
  }

  /** Room for a table that `build` fills. */
  place(values: Float32Array | Uint32Array): number {
    const address = this.room(values.length);
    this.#tables.push({ address, values });
    return address;
  }

  build(): Kernel {
    const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(this.#end / PAGE_BYTES)) });
    for (const { address, values } of this.#tables)
      new Uint8Array(memory.buffer).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address);
    const module = new WebAssembly.Module(Buffer.from(kernelBinary, 'base64'));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { ...(exports as KernelFunctions), floats: new Float32Array(memory.buffer) };
  }
}
