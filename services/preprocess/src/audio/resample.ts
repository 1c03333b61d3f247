/**
 * Streaming sample rate conversion with the Speex resampler, quality 5, the same one in training and in serving.
 * The filter's delay is skipped at the start and flushed at the end: output sample k lies at input time k·in/out, and n
 * input samples give exactly round(n·out/in) output samples.
 */
import createModule, { type SpeexResamplerModule } from '@echogarden/speex-resampler-wasm/simd';
import { AppError } from '@timbre/shared/errors';

/** Receives views that are valid only during the call. */
export type EmitSamples = (samples: Float32Array) => void;

export interface Resampler {
  push(mono: Float32Array, emit: EmitSamples): void;
  /** Emits the tail. Nothing may be pushed afterwards. */
  finish(emit: EmitSamples): void;
  free(): void;
}

export interface ResamplerRates {
  inRateHz: number;
  outRateHz: number;
}

const QUALITY = 5;
const BLOCK = 4096;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

let loading: Promise<SpeexResamplerModule> | undefined;

/** Compiles the WASM module, once per thread. */
export function loadResampler(): Promise<SpeexResamplerModule> {
  loading ??= createModule();
  return loading;
}

/** The caller owns the result and must `free` it. */
export function createResampler(module: SpeexResamplerModule, rates: ResamplerRates): Resampler {
  return rates.inRateHz === rates.outRateHz ? passThrough : new SpeexResampler(module, rates);
}

const passThrough: Resampler = {
  push: (mono, emit) => emit(mono),
  finish: () => undefined,
  free: () => undefined,
};

class SpeexResampler implements Resampler {
  private readonly state: number;
  /** One allocation: input block, output block, then the two lengths that the C call reads and writes. */
  private readonly memory: number;
  private readonly lengths: number;
  private consumed = 0;
  private emitted = 0;

  constructor(
    private readonly module: SpeexResamplerModule,
    private readonly rates: ResamplerRates,
  ) {
    this.memory = module._malloc(2 * BLOCK * FLOAT_BYTES + 8);
    this.lengths = this.memory + 2 * BLOCK * FLOAT_BYTES;
    this.state = module._speex_resampler_init(1, rates.inRateHz, rates.outRateHz, QUALITY, this.lengths);
    if (this.state === 0) {
      module._free(this.memory);
      throw new AppError('audio_decode_limit', {
        detail: `No memory to resample ${rates.inRateHz} Hz to ${rates.outRateHz} Hz.`,
      });
    }
    module._speex_resampler_skip_zeros(this.state);
  }

  push(mono: Float32Array, emit: EmitSamples): void {
    this.consumed += mono.length;
    this.process(mono, mono.length, emit);
  }

  finish(emit: EmitSamples): void {
    const target = Math.round((this.consumed * this.rates.outRateHz) / this.rates.inRateHz);
    const zeros = new Float32Array(BLOCK);
    while (this.emitted < target)
      this.process(zeros, BLOCK, (samples) => {
        const wanted = Math.min(samples.length, target - this.emitted);
        if (wanted > 0) emit(samples.subarray(0, wanted));
      });
  }

  free(): void {
    this.module._speex_resampler_destroy(this.state);
    this.module._free(this.memory);
  }

  private process(input: Float32Array, length: number, emit: EmitSamples): void {
    const { module, memory, lengths, state } = this;
    const inIndex = memory / FLOAT_BYTES;
    const outIndex = inIndex + BLOCK;
    for (let offset = 0; offset < length;) {
      const block = input.subarray(offset, Math.min(offset + BLOCK, length));
      module.HEAPF32.set(block, inIndex);
      module.HEAPU32[lengths / 4] = block.length;
      module.HEAPU32[lengths / 4 + 1] = BLOCK;
      module._speex_resampler_process_float(state, 0, memory, lengths, memory + BLOCK * FLOAT_BYTES, lengths + 4);
      const taken = module.HEAPU32[lengths / 4] ?? 0;
      const produced = module.HEAPU32[lengths / 4 + 1] ?? 0;
      if (taken === 0 && produced === 0) throw new Error('the resampler made no progress');
      offset += taken;
      emit(module.HEAPF32.subarray(outIndex, outIndex + produced));
      this.emitted += produced;
    }
  }
}
