/** Radix-2 Fourier transform in place (Cooley and Tukey 1965), for pictures of sound. */

export interface Fft {
  /** Both of length `size`: real and imaginary parts, in and out. */
  transform(real: Float32Array, imaginary: Float32Array): void;
}

/** @param size a power of two */
export function createFft(size: number): Fft {
  if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError('the size of a transform is a power of two');
  const cosine = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sine = Float32Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  const reversed = reversedIndices(size);
  return {
    transform(real, imaginary) {
      for (let i = 0; i < size; i += 1) {
        const j = reversed[i] ?? 0;
        if (j > i) {
          swap(real, i, j);
          swap(imaginary, i, j);
        }
      }
      for (let width = 2; width <= size; width *= 2) butterflies({ real, imaginary, cosine, sine }, width);
    },
  };
}

interface Work {
  real: Float32Array;
  imaginary: Float32Array;
  cosine: Float32Array;
  sine: Float32Array;
}

function butterflies({ real, imaginary, cosine, sine }: Work, width: number): void {
  const size = real.length;
  const half = width / 2;
  const step = size / width;
  for (let start = 0; start < size; start += width) {
    for (let k = 0; k < half; k += 1) {
      const [a, b] = [start + k, start + k + half];
      const c = cosine[k * step] ?? 0;
      const s = sine[k * step] ?? 0;
      const [re, im] = [real[b] ?? 0, imaginary[b] ?? 0];
      const turnedRe = re * c + im * s;
      const turnedIm = im * c - re * s;
      const [baseRe, baseIm] = [real[a] ?? 0, imaginary[a] ?? 0];
      real[a] = baseRe + turnedRe;
      imaginary[a] = baseIm + turnedIm;
      real[b] = baseRe - turnedRe;
      imaginary[b] = baseIm - turnedIm;
    }
  }
}

function reversedIndices(size: number): Uint32Array {
  const reversed = new Uint32Array(size);
  for (let i = 1; i < size; i += 1) reversed[i] = ((reversed[i >> 1] ?? 0) >> 1) | (i & 1 ? size >> 1 : 0);
  return reversed;
}

function swap(values: Float32Array, i: number, j: number): void {
  const held = values[i] ?? 0;
  values[i] = values[j] ?? 0;
  values[j] = held;
}
