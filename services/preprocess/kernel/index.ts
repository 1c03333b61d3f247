/**
 * The feature kernel, in AssemblyScript: the arithmetic of every STFT frame as WebAssembly SIMD.
 * It owns no memory and keeps no state: the caller lays out tables and buffers and passes their addresses.
 * `npm run build:kernel -w services/preprocess` compiles it into `src/features/kernel-binary.ts`.
 */
export { radix2, radix4, radixAny } from './fft';
export { gather, powerOfComplex, powerOfPackedReal, squareRoot, sumBands, widen } from './spectrum';
export { logarithm, maximum, project } from './compress';
