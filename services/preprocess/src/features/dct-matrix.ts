/**
 * First `coefficients` rows of the orthonormal DCT-II of `size` values, `[coefficients, size]` row-major:
 * √(2/size)·cos(π/size·(n + ½)·k), and √(1/size) for k = 0 (torchaudio `create_dct`, norm "ortho").
 */
export function createDctMatrix(coefficients: number, size: number): Float32Array {
  const matrix = new Float32Array(coefficients * size);
  for (let k = 0; k < coefficients; k++)
    for (let n = 0; n < size; n++)
      matrix[k * size + n] = Math.sqrt((k === 0 ? 1 : 2) / size) * Math.cos((Math.PI / size) * (n + 0.5) * k);
  return matrix;
}
