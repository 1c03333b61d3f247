/**
 * How a complex FFT of any length is split into the passes of the kernel: radix 4 while it divides, then 2, then the odd
 * prime factors. Angles are computed in double precision and rounded once.
 */
export interface FftPass {
  radix: number;
  /** Length of the transforms this pass sees, and how many of them lie interleaved. */
  length: number;
  stride: number;
  /** `[length / radix, radix - 1, 2]`: cosine and minus sine of 2π·group·output / length. */
  twiddles: Float32Array;
  /** `[radix, 2]` roots of unity, for radices other than 2 and 4. */
  roots: Float32Array | undefined;
}

/** Passes for a transform of `size` values, in the order they run. */
export function planFft(size: number): FftPass[] {
  const passes: FftPass[] = [];
  let length = size;
  for (const radix of factorise(size)) {
    const groups = length / radix;
    const turns: number[] = [];
    for (let group = 0; group < groups; group++)
      for (let output = 1; output < radix; output++) turns.push((group * output) / length);
    const roots = radix === 2 || radix === 4 ? undefined : rootsOfUnity(radix, radix);
    passes.push({ radix, length, stride: size / length, twiddles: pairs(turns), roots });
    length = groups;
  }
  return passes;
}

/** The first `count` powers of exp(-2πi / size) as `[count, 2]` cosine and minus sine. */
export function rootsOfUnity(size: number, count: number): Float32Array {
  return pairs(Array.from({ length: count }, (_, k) => k / size));
}

function factorise(size: number): number[] {
  const factors: number[] = [];
  let rest = size;
  for (let factor = 4; rest > 1;) {
    if (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    } else if (factor === 4) factor = 2;
    else if (factor === 2) factor = 3;
    else factor = factor * factor > rest ? rest : factor + 2;
  }
  return factors;
}

function pairs(turns: number[]): Float32Array {
  return Float32Array.from(turns.flatMap((turn) => [Math.cos(2 * Math.PI * turn), -Math.sin(2 * Math.PI * turn)]));
}
