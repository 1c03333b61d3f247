/**
 * From samples to mel bands, four frames at once: windowing before the FFT, power after it, triangular bands over it.
 * Values of four frames lie side by side: `v128[bin]`.
 */
/* eslint max-params: off -- a WebAssembly function takes numbers, not objects */

/**
 * Multiplies four frames, `hop` samples apart, by the window and turns them so that lane f holds frame f.
 * Writes `count` values `to` v128; `count` is a multiple of 4, and the window is zero beyond its real length.
 */
export function gather(samples: usize, hop: usize, window: usize, count: usize, to: usize): void {
  const frame = hop << 2;
  for (let i: usize = 0; i < count; i += 4) {
    const from = samples + (i << 2);
    const a = v128.load(from);
    const b = v128.load(from + frame);
    const c = v128.load(from + 2 * frame);
    const d = v128.load(from + 3 * frame);
    const ab01 = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const cd01 = i32x4.shuffle(c, d, 0, 4, 1, 5);
    const ab23 = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cd23 = i32x4.shuffle(c, d, 2, 6, 3, 7);
    const at = to + (i << 4);
    const weight = window + (i << 2);
    v128.store(at, f32x4.mul(v128.load32_splat(weight), i64x2.shuffle(ab01, cd01, 0, 2)));
    v128.store(at, f32x4.mul(v128.load32_splat(weight, 4), i64x2.shuffle(ab01, cd01, 1, 3)), 16);
    v128.store(at, f32x4.mul(v128.load32_splat(weight, 8), i64x2.shuffle(ab23, cd23, 0, 2)), 32);
    v128.store(at, f32x4.mul(v128.load32_splat(weight, 12), i64x2.shuffle(ab23, cd23, 1, 3)), 48);
  }
}

/** Real values to complex ones with imaginary part zero: the way in for an odd FFT length. */
export function widen(from: usize, count: usize, to: usize): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < count; i++) {
    v128.store(to + (i << 5), v128.load(from + (i << 4)));
    v128.store(to + (i << 5), zero, 16);
  }
}

/**
 * Power of bins 0 to `half` of a real signal of length `2 * half`, whose even samples went through the complex FFT of
 * length `half` as real parts and odd samples as imaginary parts. `twiddles`: (cosine, minus sine) of 2*pi*k / (2 * half).
 */
export function powerOfPackedReal(z: usize, half: usize, twiddles: usize, to: usize): void {
  const halves = f32x4.splat(0.5);
  const evenSum = v128.load(z);
  const oddSum = v128.load(z, 16);
  const first = f32x4.add(evenSum, oddSum);
  const last = f32x4.sub(evenSum, oddSum);
  v128.store(to, f32x4.mul(first, first));
  v128.store(to + (half << 4), f32x4.mul(last, last));
  for (let k: usize = 1; k <= half >> 1; k++) {
    const p = z + (k << 5);
    const q = z + ((half - k) << 5);
    const pr = v128.load(p);
    const pi = v128.load(p, 16);
    const qr = v128.load(q);
    const qi = v128.load(q, 16);
    // Spectra of the even and the odd samples, from the two values that mix them.
    const evenR = f32x4.mul(halves, f32x4.add(pr, qr));
    const evenI = f32x4.mul(halves, f32x4.sub(pi, qi));
    const oddR = f32x4.mul(halves, f32x4.add(pi, qi));
    const oddI = f32x4.mul(halves, f32x4.sub(qr, pr));
    const wr = v128.load32_splat(twiddles + (k << 3));
    const wi = v128.load32_splat(twiddles + (k << 3), 4);
    const turnedR = f32x4.sub(f32x4.mul(oddR, wr), f32x4.mul(oddI, wi));
    const turnedI = f32x4.add(f32x4.mul(oddR, wi), f32x4.mul(oddI, wr));
    storePower(to + (k << 4), f32x4.add(evenR, turnedR), f32x4.add(evenI, turnedI));
    storePower(to + ((half - k) << 4), f32x4.sub(evenR, turnedR), f32x4.sub(evenI, turnedI));
  }
}

/** Power of `bins` complex values. */
export function powerOfComplex(z: usize, bins: usize, to: usize): void {
  for (let k: usize = 0; k < bins; k++) storePower(to + (k << 4), v128.load(z + (k << 5)), v128.load(z + (k << 5), 16));
}

function storePower(to: usize, real: v128, imaginary: v128): void {
  v128.store(to, f32x4.add(f32x4.mul(real, real), f32x4.mul(imaginary, imaginary)));
}

/** Power to magnitude, in place. */
export function squareRoot(at: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) v128.store(at + (i << 4), f32x4.sqrt(v128.load(at + (i << 4))));
}

/**
 * Weighted sums over the spectrum. `bands` holds pairs (first bin, number of bins) as u32, `weights` the weights of all
 * bands one after another. Row r is written at `to + r * rowBytes`: four neighbouring frames of one image row.
 */
export function sumBands(
  spectrum: usize,
  bands: usize,
  count: usize,
  weights: usize,
  to: usize,
  rowBytes: usize,
): void {
  for (let band: usize = 0; band < count; band++) {
    const first: usize = load<u32>(bands + (band << 3));
    let from = spectrum + (first << 4);
    let left: usize = load<u32>(bands + (band << 3), 4);
    // Two sums, because one would wait for its own addition.
    let sumA = f32x4.splat(0);
    let sumB = f32x4.splat(0);
    for (; left >= 2; left -= 2) {
      sumA = f32x4.add(sumA, f32x4.mul(v128.load32_splat(weights), v128.load(from)));
      sumB = f32x4.add(sumB, f32x4.mul(v128.load32_splat(weights, 4), v128.load(from, 16)));
      weights += 8;
      from += 32;
    }
    if (left > 0) {
      sumA = f32x4.add(sumA, f32x4.mul(v128.load32_splat(weights), v128.load(from)));
      weights += 4;
    }
    v128.store(to, f32x4.add(sumA, sumB));
    to += rowBytes;
  }
}
