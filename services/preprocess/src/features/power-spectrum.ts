/**
 * Windowed power (or magnitude) spectrum of four STFT frames at a time.
 * Periodic Hann window of `winLength`, centred in `nFft` (torch.stft). An even `nFft` goes through a complex FFT of half
 * its length; an odd one, which cannot be halved, through a full one at twice the cost.
 */
import type { StftTransform } from '@timbre/shared/contracts/feature-spec';
import { planFft, rootsOfUnity, type FftPass } from './fft-plan.js';
import type { Kernel, KernelArena } from './kernel-arena.js';

interface PlacedPass extends Omit<FftPass, 'twiddles' | 'roots'> {
  twiddles: number;
  roots: number;
}

export class PowerSpectrum {
  /** Address of the result: `[nFft / 2 + 1, 4]`, bin by frame. */
  readonly address: number;
  /** Samples read for one frame: `nFft` rounded up to a multiple of 4. */
  readonly frameSamples: number;
  readonly #hop: number;
  readonly #bins: number;
  readonly #isOdd: boolean;
  readonly #isMagnitude: boolean;
  readonly #passes: PlacedPass[];
  readonly #window: number;
  readonly #turns: number;
  readonly #gathered: number;
  readonly #work: [number, number];

  constructor({ nFft, winLength, hopLength, power }: StftTransform, arena: KernelArena) {
    this.#hop = hopLength;
    this.#bins = Math.floor(nFft / 2) + 1;
    this.#isOdd = nFft % 2 === 1;
    this.#isMagnitude = power === 1;
    this.frameSamples = Math.ceil(nFft / 4) * 4;
    this.#passes = planFft(this.#isOdd ? nFft : nFft / 2).map((pass) => ({
      ...pass,
      twiddles: arena.place(pass.twiddles),
      roots: pass.roots ? arena.place(pass.roots) : 0,
    }));
    this.#window = arena.place(createWindow(nFft, winLength, this.frameSamples));
    this.#turns = arena.place(rootsOfUnity(nFft, this.#bins));
    const workFloats = this.frameSamples * (this.#isOdd ? 8 : 4);
    this.#work = [arena.room(workFloats), arena.room(workFloats)];
    this.#gathered = this.#isOdd ? arena.room(this.frameSamples * 4) : this.#work[0];
    this.address = arena.room(this.#bins * 4);
  }

  /** Computes the spectra of four frames that begin at address `samples`, one hop apart. */
  run(kernel: Kernel, samples: number): void {
    kernel.gather(samples, this.#hop, this.#window, this.frameSamples, this.#gathered);
    // Real values in pairs already lie as complex ones: even samples real, odd samples imaginary.
    if (this.#isOdd) kernel.widen(this.#gathered, this.frameSamples, this.#work[0]);
    const transformed = this.#transform(kernel);
    if (this.#isOdd) kernel.powerOfComplex(transformed, this.#bins, this.address);
    else kernel.powerOfPackedReal(transformed, this.#bins - 1, this.#turns, this.address);
    if (this.#isMagnitude) kernel.squareRoot(this.address, this.#bins);
  }

  /** Runs all passes between the two work buffers; answers where the result lies. */
  #transform(kernel: Kernel): number {
    let [from, to] = this.#work;
    for (const { radix, length, stride, twiddles, roots } of this.#passes) {
      if (radix === 4) kernel.radix4(length, stride, from, to, twiddles);
      else if (radix === 2) kernel.radix2(length, stride, from, to, twiddles);
      else kernel.radixAny(radix, length, stride, from, to, twiddles, roots);
      [from, to] = [to, from];
    }
    return from;
  }
}

function createWindow(nFft: number, winLength: number, length: number): Float32Array {
  const window = new Float32Array(length);
  const left = Math.floor((nFft - winLength) / 2);
  for (let i = 0; i < winLength; i++) window[left + i] = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / winLength);
  return window;
}
