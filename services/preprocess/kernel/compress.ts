/**
 * What follows the mel bands: logarithm, clamp, cosine transform. Images are `[rows, columns]` with `rowBytes` from row
 * to row; columns (frames) are handled four at a time.
 */
/* eslint max-params: off -- a WebAssembly function takes numbers, not objects */

/** Bits of the float nearest to the square root of one half. */
const ROOT_HALF_BITS: i32 = 0x3f3504f3;
/** The smallest normal float: keeps the logarithm finite. */
const SMALLEST: f32 = 1.17549435e-38;

/**
 * y = scale * ln(max(x, floor) + offset), in place on one group of four columns of every row.
 * ln by splitting x = 2^e * m with m within sqrt(1/2)..sqrt(2), then ln m = 2 artanh((m - 1) / (m + 1)) as its Taylor
 * series up to the ninth power: the rest is below 1e-9, less than a float can tell.
 */
export function logarithm(at: usize, rows: usize, rowBytes: usize, floor: f32, offset: f32, scale: f32): void {
  const floors = f32x4.splat(floor);
  const offsets = f32x4.splat(offset);
  const scales = f32x4.splat(scale);
  const smallest = f32x4.splat(SMALLEST);
  for (let row: usize = 0; row < rows; row++) {
    const x = f32x4.max(f32x4.add(f32x4.max(v128.load(at), floors), offsets), smallest);
    v128.store(at, f32x4.mul(scales, naturalLog(x)));
    at += rowBytes;
  }
}

function naturalLog(x: v128): v128 {
  const one = f32x4.splat(1);
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(ROOT_HALF_BITS)), 23);
  const mantissa = i32x4.sub(x, i32x4.shl(exponent, 23));
  const s = f32x4.div(f32x4.sub(mantissa, one), f32x4.add(mantissa, one));
  const square = f32x4.mul(s, s);
  let series = f32x4.splat(2.0 / 9.0);
  series = f32x4.add(f32x4.splat(2.0 / 7.0), f32x4.mul(square, series));
  series = f32x4.add(f32x4.splat(2.0 / 5.0), f32x4.mul(square, series));
  series = f32x4.add(f32x4.splat(2.0 / 3.0), f32x4.mul(square, series));
  series = f32x4.add(f32x4.splat(2.0), f32x4.mul(square, series));
  const whole = f32x4.mul(f32x4.convert_i32x4_s(exponent), f32x4.splat(0.6931471805599453));
  return f32x4.add(whole, f32x4.mul(s, series));
}

/** Largest value of an image of which only the first `columns` of each row count. */
export function maximum(image: usize, rows: usize, rowBytes: usize, columns: usize): f32 {
  let fours = f32x4.splat(-f32.MAX_VALUE);
  let largest: f32 = -f32.MAX_VALUE;
  for (let row: usize = 0; row < rows; row++) {
    let column: usize = 0;
    for (; column + 4 <= columns; column += 4) fours = f32x4.max(fours, v128.load(image + (column << 2)));
    for (; column < columns; column++) largest = max(largest, load<f32>(image + (column << 2)));
    image += rowBytes;
  }
  largest = max(largest, f32x4.extract_lane(fours, 0));
  largest = max(largest, f32x4.extract_lane(fours, 1));
  largest = max(largest, f32x4.extract_lane(fours, 2));
  return max(largest, f32x4.extract_lane(fours, 3));
}

/**
 * Multiplies a matrix `[outRows, rows]` by the image, whose values are first raised to `floor`. `columns` is a multiple
 * of 4; `scratch` has room for `rows` v128.
 */
export function project(
  image: usize,
  rows: usize,
  rowBytes: usize,
  columns: usize,
  floor: f32,
  matrix: usize,
  outRows: usize,
  to: usize,
  scratch: usize,
): void {
  const floors = f32x4.splat(floor);
  for (let column: usize = 0; column < columns; column += 4) {
    const byte = column << 2;
    for (let row: usize = 0; row < rows; row++)
      v128.store(scratch + (row << 4), f32x4.max(v128.load(image + row * rowBytes + byte), floors));
    let weights = matrix;
    for (let out: usize = 0; out < outRows; out++) {
      let sumA = f32x4.splat(0);
      let sumB = f32x4.splat(0);
      let row: usize = 0;
      for (; row + 2 <= rows; row += 2) {
        const from = scratch + (row << 4);
        sumA = f32x4.add(sumA, f32x4.mul(v128.load32_splat(weights), v128.load(from)));
        sumB = f32x4.add(sumB, f32x4.mul(v128.load32_splat(weights, 4), v128.load(from, 16)));
        weights += 8;
      }
      if (row < rows) {
        sumA = f32x4.add(sumA, f32x4.mul(v128.load32_splat(weights), v128.load(scratch + (row << 4))));
        weights += 4;
      }
      v128.store(to + out * rowBytes + byte, f32x4.add(sumA, sumB));
    }
  }
}
