/** Runs in the audio thread: collects mono PCM16 from the microphone and posts it in pieces of about 20 ms, none left out. */

export interface Piece {
  /** Mono PCM16, little-endian. */
  pcm: ArrayBuffer;
  /** Largest magnitude in it, 0..1. */
  peak: number;
}

interface WorkletScope {
  sampleRate: number;
  registerProcessor(name: string, processor: new () => { process(inputs: Float32Array[][]): boolean }): void;
}
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
const scope = globalThis as unknown as WorkletScope;

const PIECE_SECONDS = 0.02;

class Capture extends AudioWorkletProcessor {
  readonly #size = Math.round(scope.sampleRate * PIECE_SECONDS);
  #piece = new Int16Array(this.#size);
  #filled = 0;
  #peak = 0;

  process(inputs: Float32Array[][]): boolean {
    const samples = inputs[0]?.[0];
    if (samples) for (const sample of samples) this.#add(sample);
    return true;
  }

  #add(sample: number): void {
    const held = Math.max(-1, Math.min(1, sample));
    this.#peak = Math.max(this.#peak, Math.abs(held));
    this.#piece[this.#filled] = Math.round(held * (held < 0 ? 0x8000 : 0x7fff));
    this.#filled += 1;
    if (this.#filled < this.#size) return;
    const { buffer } = this.#piece;
    const piece: Piece = { pcm: buffer, peak: this.#peak };
    this.port.postMessage(piece, [buffer]);
    // The one that was sent is empty now, its length 0.
    this.#piece = new Int16Array(this.#size);
    this.#filled = 0;
    this.#peak = 0;
  }
}

scope.registerProcessor('timbre-capture', Capture);
