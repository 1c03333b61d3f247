/**
 * Reads a source through windows: big ones, the next already on its way, while reading goes forward; a small one after a
 * jump, so that an archive whose entries point to and fro costs little.
 *
 * Invariant: two windows at most are held, whatever is asked for; `bytes` alone makes a copy, of what straddles two.
 */
import type { ByteSource } from './byte-source.js';

const KIB = 1024;

export interface WindowSizes {
  first: number;
  largest: number;
}

export const defaultWindowSizes: WindowSizes = { first: 64 * KIB, largest: 4096 * KIB };

interface Window {
  start: number;
  end: number;
  bytes: Promise<Buffer>;
}

export class SourceWindows {
  #current: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  #next: Window | undefined;
  #size: number;

  constructor(
    readonly source: ByteSource,
    readonly signal: AbortSignal,
    readonly sizes: WindowSizes = defaultWindowSizes,
  ) {
    this.#size = sizes.first;
  }

  /** Up to `length` bytes at `offset`, contiguous; fewer where the source ends. */
  async bytes(offset: number, length: number): Promise<Buffer> {
    const first = this.#held(offset) ?? (await this.#from(offset));
    if (first.length >= length) return first.subarray(0, length);
    const parts: Buffer[] = [];
    for await (const chunk of this.chunks(offset, length)) parts.push(chunk);
    return Buffer.concat(parts);
  }

  /** The same bytes in pieces as they are held. */
  async *chunks(offset: number, length: number): AsyncGenerator<Buffer, void> {
    const end = offset + length;
    for (let at = offset; at < end;) {
      const held = this.#held(at) ?? (await this.#from(at));
      if (held.length === 0) return;
      yield held.subarray(0, end - at);
      at += held.length;
    }
  }

  #held(offset: number): Buffer | undefined {
    const { start, bytes } = this.#current;
    return offset >= start && offset < start + bytes.length ? bytes.subarray(offset - start) : undefined;
  }

  async #from(offset: number): Promise<Buffer> {
    this.signal.throwIfAborted();
    if (!(offset >= 0 && offset < this.source.bytes)) return Buffer.alloc(0);
    const forward = this.#next !== undefined && offset >= this.#next.start && offset < this.#next.end;
    this.#size = forward ? Math.min(2 * this.#size, this.sizes.largest) : this.sizes.first;
    const window = forward && this.#next ? this.#next : this.#ask(offset);
    this.#next = undefined;
    this.#current = { start: window.start, bytes: await window.bytes };
    if (this.#current.bytes.length < window.end - window.start)
      throw new Error('the source gave fewer bytes than it has');
    if (window.end < this.source.bytes) this.#next = this.#ask(window.end);
    return this.#current.bytes.subarray(offset - window.start);
  }

  #ask(start: number): Window {
    const end = Math.min(start + this.#size, this.source.bytes);
    const bytes = this.source.read(start, end - start);
    // Awaited when its turn comes; a window that is never needed may fail unseen.
    bytes.catch(() => undefined);
    return { start, end, bytes };
  }
}
