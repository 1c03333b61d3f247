/**
 * Complex FFT over four frames at once: every `v128` holds one value of four different frames, so no lane ever sees
 * another frame's numbers and no shuffles are needed.
 *
 * Stockham autosort (decimation in frequency): each pass reads `x`, writes `y` in order, and the next pass swaps them.
 * A complex value is 32 bytes: four real parts, then four imaginary parts. A pass sees `length * stride` values as
 * `stride` interleaved transforms of `length`. `twiddles` holds, for each of the `length / radix` groups, the factors
 * of outputs 1 to radix-1 as pairs (cosine, minus sine). Tables and the order of passes come from the caller.
 */
/* eslint max-params: off -- a WebAssembly function takes numbers, not objects */

export function radix2(length: usize, stride: usize, x: usize, y: usize, twiddles: usize): void {
  const groups = length >> 1;
  const half = (stride * groups) << 5;
  const step = stride << 5;
  for (let group: usize = 0; group < groups; group++) {
    const factors = twiddles + (group << 3);
    const wr = v128.load32_splat(factors);
    const wi = v128.load32_splat(factors, 4);
    let from = x + ((stride * group) << 5);
    let to = y + ((stride * group) << 6);
    for (let column: usize = 0; column < stride; column++) {
      const ar = v128.load(from);
      const ai = v128.load(from, 16);
      const br = v128.load(from + half);
      const bi = v128.load(from + half, 16);
      v128.store(to, f32x4.add(ar, br));
      v128.store(to, f32x4.add(ai, bi), 16);
      storeProduct(to + step, f32x4.sub(ar, br), f32x4.sub(ai, bi), wr, wi);
      from += 32;
      to += 32;
    }
  }
}

export function radix4(length: usize, stride: usize, x: usize, y: usize, twiddles: usize): void {
  const groups = length >> 2;
  const quarter = (stride * groups) << 5;
  const step = stride << 5;
  for (let group: usize = 0; group < groups; group++) {
    const factors = twiddles + group * 24;
    const w1r = v128.load32_splat(factors);
    const w1i = v128.load32_splat(factors, 4);
    const w2r = v128.load32_splat(factors, 8);
    const w2i = v128.load32_splat(factors, 12);
    const w3r = v128.load32_splat(factors, 16);
    const w3i = v128.load32_splat(factors, 20);
    let from = x + ((stride * group) << 5);
    let to = y + ((stride * group) << 7);
    for (let column: usize = 0; column < stride; column++) {
      const b = from + quarter;
      const c = b + quarter;
      const d = c + quarter;
      const sumAcR = f32x4.add(v128.load(from), v128.load(c));
      const sumAcI = f32x4.add(v128.load(from, 16), v128.load(c, 16));
      const difAcR = f32x4.sub(v128.load(from), v128.load(c));
      const difAcI = f32x4.sub(v128.load(from, 16), v128.load(c, 16));
      const sumBdR = f32x4.add(v128.load(b), v128.load(d));
      const sumBdI = f32x4.add(v128.load(b, 16), v128.load(d, 16));
      const difBdR = f32x4.sub(v128.load(b), v128.load(d));
      const difBdI = f32x4.sub(v128.load(b, 16), v128.load(d, 16));
      v128.store(to, f32x4.add(sumAcR, sumBdR));
      v128.store(to, f32x4.add(sumAcI, sumBdI), 16);
      const to2 = to + step;
      const to3 = to2 + step;
      // Multiplying (b - d) by -i swaps its parts: outputs 1 and 3 need no multiplication before their twiddle.
      storeProduct(to2, f32x4.add(difAcR, difBdI), f32x4.sub(difAcI, difBdR), w1r, w1i);
      storeProduct(to3, f32x4.sub(sumAcR, sumBdR), f32x4.sub(sumAcI, sumBdI), w2r, w2i);
      storeProduct(to3 + step, f32x4.sub(difAcR, difBdI), f32x4.add(difAcI, difBdR), w3r, w3i);
      from += 32;
      to += 32;
    }
  }
}

/** Any radix, by the definition of the DFT: `roots` holds the radix-th roots of unity. For 3, 5, 7 and odd leftovers. */
export function radixAny(
  radix: usize,
  length: usize,
  stride: usize,
  x: usize,
  y: usize,
  twiddles: usize,
  roots: usize,
): void {
  const groups = length / radix;
  const leg = (stride * groups) << 5;
  const step = stride << 5;
  for (let group: usize = 0; group < groups; group++) {
    const factors = twiddles + ((group * (radix - 1)) << 3);
    for (let column: usize = 0; column < stride; column++) {
      const from = x + ((stride * group + column) << 5);
      const to = y + ((stride * group * radix + column) << 5);
      for (let output: usize = 0; output < radix; output++) {
        let sumR = v128.load(from);
        let sumI = v128.load(from, 16);
        let turn: usize = 0;
        for (let input: usize = 1; input < radix; input++) {
          turn += output;
          if (turn >= radix) turn -= radix;
          const wr = v128.load32_splat(roots + (turn << 3));
          const wi = v128.load32_splat(roots + (turn << 3), 4);
          const ar = v128.load(from + input * leg);
          const ai = v128.load(from + input * leg, 16);
          sumR = f32x4.add(sumR, f32x4.sub(f32x4.mul(ar, wr), f32x4.mul(ai, wi)));
          sumI = f32x4.add(sumI, f32x4.add(f32x4.mul(ar, wi), f32x4.mul(ai, wr)));
        }
        if (output == 0) {
          v128.store(to, sumR);
          v128.store(to, sumI, 16);
        } else {
          const factor = factors + ((output - 1) << 3);
          storeProduct(to + output * step, sumR, sumI, v128.load32_splat(factor), v128.load32_splat(factor, 4));
        }
      }
    }
  }
}

function storeProduct(to: usize, ar: v128, ai: v128, wr: v128, wi: v128): void {
  v128.store(to, f32x4.sub(f32x4.mul(ar, wr), f32x4.mul(ai, wi)));
  v128.store(to, f32x4.add(f32x4.mul(ar, wi), f32x4.mul(ai, wr)), 16);
}
