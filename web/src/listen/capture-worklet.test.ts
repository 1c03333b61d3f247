import { beforeAll, describe, expect, it } from 'vitest';

interface Processor {
  process(inputs: Float32Array[][]): boolean;
  port: { posted: { pcm: ArrayBuffer; peak: number }[] };
}
let Capture: new () => Processor;

// The audio thread's globals, as far as the worklet uses them. A buffer that is posted is gone from here, as there.
beforeAll(async () => {
  Object.assign(globalThis, {
    sampleRate: 48_000,
    AudioWorkletProcessor: class {
      port = {
        posted: [] as unknown[],
        postMessage(message: { pcm: ArrayBuffer }, transfer: ArrayBuffer[]) {
          this.posted.push(structuredClone(message, { transfer }));
        },
      };
    },
    registerProcessor: (_name: string, processor: new () => Processor) => void (Capture = processor),
  });
  await import('./capture-worklet.js');
});

describe('the capture worklet', () => {
  it('posts every sample once, in order, in pieces of 20 ms', () => {
    const capture = new Capture();
    const values = Float32Array.from({ length: 128 * 75 }, (_, i) => (i % 1000) / 1000);
    for (let at = 0; at < values.length; at += 128) capture.process([[values.subarray(at, at + 128)]]);
    const { posted } = capture.port;
    expect(posted.map(({ pcm }) => pcm.byteLength / 2)).toEqual(new Array(10).fill(960));
    const samples = posted.flatMap(({ pcm }) => [...new Int16Array(pcm)]);
    expect(samples.every((sample, i) => Math.abs(sample / 0x7fff - (i % 1000) / 1000) < 1e-4)).toBe(true);
  });

  it('holds what is beyond full scale, and tells the peak of each piece', () => {
    const capture = new Capture();
    capture.process([[new Float32Array(480).fill(-2)]]);
    capture.process([[new Float32Array(480).fill(0.5)]]);
    const [piece] = capture.port.posted;
    expect(new Int16Array(piece!.pcm)[0]).toBe(-32_768);
    expect(piece!.peak).toBe(1);
  });

  it('goes on while no microphone is connected', () => {
    expect(new Capture().process([[]])).toBe(true);
  });
});
