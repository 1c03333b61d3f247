declare module '@echogarden/speex-resampler-wasm/simd' {
  /** The Emscripten module; every pointer is a byte offset into `HEAPU8.buffer`. Views are replaced when memory grows. */
  export interface SpeexResamplerModule {
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _speex_resampler_init(
      channels: number,
      inRateHz: number,
      outRateHz: number,
      quality: number,
      errorPointer: number,
    ): number;
    _speex_resampler_skip_zeros(state: number): number;
    _speex_resampler_process_float(
      state: number,
      channel: number,
      inPointer: number,
      inLengthPointer: number,
      outPointer: number,
      outLengthPointer: number,
    ): number;
    _speex_resampler_destroy(state: number): void;
    readonly HEAPF32: Float32Array<ArrayBuffer>;
    readonly HEAPU32: Uint32Array<ArrayBuffer>;
  }
  export default function createModule(): Promise<SpeexResamplerModule>;
}
