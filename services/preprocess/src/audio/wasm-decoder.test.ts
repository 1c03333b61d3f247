import { describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import { runDecoder, withDecoder } from './wasm-decoder.js';

/** As much of the global as is needed here; Node's types leave it out. */
interface WebAssemblyGlobal {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Record<string, () => void> };
  RuntimeError: ErrorConstructor;
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal };

/** A module with one function, `trap`, that is nothing but `unreachable`. */
const TRAP_MODULE = '0061736d01000000' + '010401600000' + '03020100' + '0708010474726170' + '0000' + '0a05010300000b';
const trap = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(TRAP_MODULE, 'hex'))).exports['trap']!;

function fakeDecoder(ready = Promise.resolve()) {
  const decoder = {
    ready,
    freed: 0,
    free: () => {
      decoder.freed++;
    },
  };
  return decoder;
}

describe('withDecoder', () => {
  it('turns a trap into decoder_crashed, keeps the cause and frees the decoder', async () => {
    const decoder = fakeDecoder();
    const outcome = withDecoder(
      () => decoder,
      async () => runDecoder(trap),
    );
    await expect(outcome).rejects.toMatchObject({
      code: 'decoder_crashed',
      cause: expect.any(WebAssembly.RuntimeError) as Error,
    });
    expect(decoder.freed).toBe(1);
  });

  it('frees the decoder after success and after an error of ours', async () => {
    const decoder = fakeDecoder();
    await withDecoder(
      () => decoder,
      async () => 1,
    );
    const failing = withDecoder(
      () => decoder,
      () => Promise.reject(new AppError('audio_too_long')),
    );
    await expect(failing).rejects.toMatchObject({ code: 'audio_too_long' });
    expect(decoder.freed).toBe(2);
  });

  it('survives a decoder that traps again while it is freed', async () => {
    const decoder = { ready: Promise.resolve(), free: trap };
    await expect(
      withDecoder(
        () => decoder,
        async () => 7,
      ),
    ).resolves.toBe(7);
  });

  it('turns a decoder that cannot start into decoder_crashed', async () => {
    const outcome = withDecoder(
      () => fakeDecoder(Promise.reject(new RangeError('out of memory'))),
      async () => 1,
    );
    await expect(outcome).rejects.toMatchObject({ code: 'decoder_crashed' });
  });
});

describe('runDecoder', () => {
  it('counts what is printed instead of printing it, and puts console.error back', () => {
    const before = Reflect.get(console, 'error') as unknown;
    const { value, reports } = runDecoder(() => {
      globalThis.console.error('bad frame');
      globalThis.console.error('bad frame');
      return 5;
    });
    expect([value, reports]).toEqual([5, 2]);
    expect(Reflect.get(console, 'error')).toBe(before);
  });

  it('ends a loop that reports the same error for ever', () => {
    const loop = () => {
      for (;;) globalThis.console.error('MPG123_ERR');
    };
    expect(() => runDecoder(loop)).toThrow(expect.objectContaining({ code: 'audio_corrupt' }));
  });
});
