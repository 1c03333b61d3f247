import type { StftTransform } from '@timbre/shared/contracts/feature-spec';
import fc from 'fast-check';
import meydaModule from 'meyda';
import { describe, expect, it } from 'vitest';
import { planFft } from './fft-plan.js';
import { KernelArena } from './kernel-arena.js';
import { PowerSpectrum } from './power-spectrum.js';

const meyda = meydaModule as unknown as typeof meydaModule.default;

const transformOf = (nFft: number, hopLength: number): StftTransform => ({
  kind: 'mel',
  nFft,
  winLength: nFft,
  hopLength,
  nMels: 1,
  fMinHz: 0,
  fMaxHz: null,
  melScale: 'htk',
  melNorm: 'none',
  power: 2,
  center: false,
});

/** Power spectra of the four frames that begin one hop apart in `samples`. */
function spectraOf(nFft: number, hopLength: number, samples: number[]): number[][] {
  const arena = new KernelArena();
  const spectrum = new PowerSpectrum(transformOf(nFft, hopLength), arena);
  const input = arena.place(Float32Array.from([...samples, 0, 0, 0, 0]));
  const kernel = arena.build();
  spectrum.run(kernel, input);
  const bins = Math.floor(nFft / 2) + 1;
  const at = spectrum.address / 4;
  return [0, 1, 2, 3].map((frame) => Array.from({ length: bins }, (_, bin) => kernel.floats[at + bin * 4 + frame]!));
}

const hann = (size: number) => (i: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);

/** By the definition of the DFT, in double precision. */
function powerByDefinition(frame: number[], bin: number): number {
  let real = 0;
  let imaginary = 0;
  frame.forEach((sample, i) => {
    const angle = (2 * Math.PI * ((bin * i) % frame.length)) / frame.length;
    real += sample * Math.cos(angle);
    imaginary -= sample * Math.sin(angle);
  });
  return real * real + imaginary * imaginary;
}

const samplesOf = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + i * i * 0.37) * 0.5));

describe('power spectrum of four frames', () => {
  it.each([64, 65, 96, 127, 210, 256, 400, 441, 512, 640, 1024, 1102])(
    'of %i samples equals the definition within 1e-6 of the largest bin',
    (nFft) => {
      const hop = 50;
      const samples = samplesOf(nFft + 3 * hop, nFft);
      spectraOf(nFft, hop, samples).forEach((powers, frame) => {
        const windowed = samples.slice(frame * hop, frame * hop + nFft).map((sample, i) => sample * hann(nFft)(i));
        const wanted = powers.map((_, bin) => powerByDefinition(windowed, bin));
        const largest = Math.max(...wanted);
        powers.forEach((power, bin) => expect(Math.abs(power - wanted[bin]!) / largest).toBeLessThan(1e-6));
      });
    },
  );

  it('keeps all energy (Parseval) for any length from 64 to 3000', () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 3000 }), fc.integer({ min: 1, max: 99 }), (nFft, seed) => {
        const samples = samplesOf(nFft + 30, seed);
        const powers = spectraOf(nFft, 10, samples)[0]!;
        const mirrored = powers.slice(1, Math.ceil(nFft / 2)).reduce((sum, power) => sum + power, 0);
        const total = powers.reduce((sum, power) => sum + power, mirrored) / nFft;
        const energy = samples.slice(0, nFft).reduce((sum, sample, i) => sum + (sample * hann(nFft)(i)) ** 2, 0);
        expect(total / energy).toBeCloseTo(1, 4);
      }),
      { numRuns: 60 },
    );
  });

  it('does not let a frame see its neighbours: silence beside full scale is exactly zero', () => {
    const samples = [...samplesOf(256, 1), ...new Array<number>(3 * 256).fill(0)];
    const [loud, ...silent] = spectraOf(256, 256, samples);
    expect(Math.max(...loud!)).toBeGreaterThan(1);
    expect(silent.flat().every((power) => power === 0)).toBe(true);
  });

  it('equals meyda’s powerSpectrum of the windowed frame within 1e-6 of the largest bin', () => {
    const samples = samplesOf(1024 + 3 * 512, 3);
    meyda.bufferSize = 1024;
    meyda.windowingFunction = 'rect';
    spectraOf(1024, 512, samples).forEach((powers, frame) => {
      const windowed = Float32Array.from(samples.slice(frame * 512, frame * 512 + 1024), (s, i) => s * hann(1024)(i));
      const theirs = meyda.extract('powerSpectrum', windowed) as unknown as Float32Array;
      const largest = Math.max(...theirs);
      expect(theirs).toHaveLength(512);
      theirs.forEach((power, bin) => expect(Math.abs(powers[bin]! - power) / largest).toBeLessThan(1e-6));
    });
    meyda.windowingFunction = 'hanning';
  });
});

describe('planFft', () => {
  it('splits 512 into 4·4·4·4·2, 200 into 4·2·5·5 and 551 into 19·29', () => {
    const radices = (size: number) => planFft(size).map(({ radix }) => radix);
    expect(radices(512)).toEqual([4, 4, 4, 4, 2]);
    expect(radices(200)).toEqual([4, 2, 5, 5]);
    expect(radices(551)).toEqual([19, 29]);
    expect(radices(8191)).toEqual([8191]);
  });
});
