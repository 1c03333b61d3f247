/**
 * What all WASM decoders share: a trap ends the call with `decoder_crashed` and never the thread, every instance is freed
 * whatever happened, and their habit of printing each damaged frame to the console is turned into a count.
 *
 * A decoder lives for one clip. Its module is compiled once per thread and an instance costs about a millisecond, which buys
 * that no clip can leave anything behind for the next one.
 */
import { isAppError, AppError } from '@timbre/shared/errors';

export interface WasmDecoder {
  readonly ready: Promise<void>;
  free(): void;
}

/** Runs `use` with a fresh decoder and frees it. */
export async function withDecoder<D extends WasmDecoder, T>(
  create: () => D,
  use: (decoder: D) => Promise<T>,
): Promise<T> {
  const decoder = await startDecoder(create);
  try {
    return await use(decoder);
  } finally {
    releaseDecoder(decoder);
  }
}

export async function startDecoder<D extends WasmDecoder>(create: () => D): Promise<D> {
  try {
    const decoder = create();
    await decoder.ready;
    return decoder;
  } catch (error) {
    throw crashed(error);
  }
}

/** A decoder that trapped may trap again while it is freed; its memory goes with the instance anyway. */
export function releaseDecoder(decoder: WasmDecoder): void {
  try {
    decoder.free();
  } catch {
    return;
  }
}

export function crashed(error: unknown): AppError {
  return isAppError(error) ? error : new AppError('decoder_crashed', { cause: error });
}

/** A chunk with more reports than this is not being decoded any more: mpg123's read loop repeats some errors for ever. */
const MAX_REPORTS = 10_000;

/**
 * Runs one synchronous step of a decoder and counts what it prints with `console.error`: these libraries print every bad
 * frame, and a hostile clip must not write the service's log. Nothing else runs in this thread meanwhile.
 */
export function runDecoder<T>(step: () => T): { value: T; reports: number } {
  const host = globalThis.console;
  const original: unknown = Reflect.get(host, 'error');
  let reports = 0;
  host.error = () => {
    if (++reports > MAX_REPORTS) throw new AppError('audio_corrupt', { detail: 'The decoder finds no way on.' });
  };
  try {
    return { value: step(), reports };
  } catch (error) {
    throw crashed(error);
  } finally {
    Reflect.set(host, 'error', original);
  }
}
