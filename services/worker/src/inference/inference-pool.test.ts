import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '@timbre/shared/observability/logger';
import { createInferencePool, type InferencePool, type PoolOptions } from './inference-pool.js';
import { externalFloats, floats, ints, node, type Graph } from './testing/onnx-writer.js';
import {
  brittleGraph,
  linearAnswer,
  linearGraph,
  rootGraph,
  tinyModel,
  type TinyModel,
} from './testing/tiny-models.js';

const log = createLogger({ service: 'test', level: 'silent' });
const mortal = new URL('./testing/mortal-thread.mjs', import.meta.url);
const pools: InferencePool[] = [];

function poolOf(options: Partial<PoolOptions> = {}): InferencePool {
  const pool = createInferencePool({ threads: 1, intraOpThreads: 1, executionProviders: ['cpu'], log, ...options });
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const load = (pool: InferencePool, { onnx, card }: TinyModel) => pool.load(card.id, onnx, card);
const run = (pool: InferencePool, model: string, ...windows: number[][]) =>
  pool.run(model, Float32Array.from(windows.flat()), windows.length);

describe('inference pool', () => {
  it('answers [windows, labels] for 1, 2 and 33 windows, on 2 threads', async () => {
    const pool = poolOf({ threads: 2 });
    expect(await load(pool, tinyModel('linear'))).toEqual({ provider: 'cpu' });
    for (const count of [1, 2, 33]) {
      const windows = Array.from({ length: count }, (_, index) => [index, 1, 2, 3]);
      expect([...(await run(pool, 'linear', ...windows))]).toEqual(windows.flatMap((window) => linearAnswer(window)));
    }
  });

  it('gives bit-equal answers however windows are put together', async () => {
    const pool = poolOf();
    await load(pool, tinyModel('root', rootGraph()));
    const windows = Array.from({ length: 16 }, (_, index) => [index / 3, index * 1.7, 0.1, Math.PI]);
    const together = await run(pool, 'root', ...windows);
    const apart = await Promise.all(windows.map((window) => run(pool, 'root', window)));
    expect(Buffer.from(together.buffer)).toEqual(Buffer.concat(apart.map(({ buffer }) => Buffer.from(buffer))));
  });

  it('runs models of 2 and 1000 labels side by side', async () => {
    const pool = poolOf();
    for (const labels of [2, 1000]) {
      const names = Array.from({ length: labels }, (_, index) => `label ${index}`);
      await load(pool, tinyModel(`m${labels}`, linearGraph(labels), { labels: names }));
      expect([...(await run(pool, `m${labels}`, [1, 2, 3, 4]))]).toEqual(linearAnswer([1, 2, 3, 4], labels));
    }
  });

  it('keeps the event loop free while it runs', async () => {
    const pool = poolOf();
    await load(pool, tinyModel('linear'));
    const order: string[] = [];
    const answer = run(pool, 'linear', [1, 2, 3, 4]).then(() => order.push('answer'));
    order.push('loop');
    await answer;
    expect(order).toEqual(['loop', 'answer']);
  });

  it('fails a run that the graph refuses with inference_failed and serves the next', async () => {
    const pool = poolOf();
    await load(pool, tinyModel('brittle', brittleGraph()));
    await expect(run(pool, 'brittle', [20, 0, 0, 0])).rejects.toMatchObject({
      code: 'inference_failed',
      details: { reason: expect.stringContaining('out of data bounds') },
    });
    expect([...(await run(pool, 'brittle', [1, 2, 3, 4]))]).toEqual(linearAnswer([1, 2, 3, 4]));
  });

  it('answers model_unavailable for a model that is not there or no longer', async () => {
    const pool = poolOf();
    await expect(run(pool, 'linear', [1, 2, 3, 4])).rejects.toMatchObject({ code: 'model_unavailable' });
    await load(pool, tinyModel('linear'));
    await pool.unload('linear');
    await expect(run(pool, 'linear', [1, 2, 3, 4])).rejects.toMatchObject({ code: 'model_unavailable' });
  });

  it('finishes what runs on close, then answers shutting_down', async () => {
    const pool = poolOf();
    await load(pool, tinyModel('linear'));
    const answers = Array.from({ length: 20 }, () => run(pool, 'linear', [1, 2, 3, 4]));
    await pool.close();
    for (const answer of await Promise.all(answers)) expect([...answer]).toEqual(linearAnswer([1, 2, 3, 4]));
    await expect(run(pool, 'linear', [1, 2, 3, 4])).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(load(pool, tinyModel('linear'))).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('execution providers', () => {
  it('falls back to cpu when cuda is not there, says so once and reports cpu', async () => {
    const warn = vi.fn();
    const pool = poolOf({ executionProviders: ['cuda', 'cpu'], log: Object.assign(Object.create(log), { warn }) });
    expect(await load(pool, tinyModel('a'))).toEqual({ provider: 'cpu' });
    expect(await load(pool, tinyModel('b', linearGraph(3, 2)))).toEqual({ provider: 'cpu' });
    expect(warn.mock.calls).toEqual([[{ provider: 'cuda', reason: expect.any(String) }, expect.any(String)]]);
  });

  it('takes cpu as last resort when only an unknown provider is asked for', async () => {
    expect(await load(poolOf({ executionProviders: ['abacus'] }), tinyModel('a'))).toEqual({ provider: 'cpu' });
  });
});

describe('threads that end', () => {
  it('fails the runs of a thread that ends, replaces it with its models and serves on', async () => {
    const pool = poolOf({ entry: mortal });
    await load(pool, tinyModel('linear'));
    for (let round = 0; round < 2; round++) {
      const killed = [run(pool, 'linear', [13, 0, 0, 0]), run(pool, 'linear', [1, 1, 1, 1])];
      for (const answer of killed) await expect(answer).rejects.toMatchObject({ code: 'internal', retryable: true });
      expect([...(await run(pool, 'linear', [1, 2, 3, 4]))]).toEqual(linearAnswer([1, 2, 3, 4]));
    }
  });

  it('leaves the other thread at work', async () => {
    const pool = poolOf({ threads: 2, entry: mortal });
    await load(pool, tinyModel('linear'));
    const [killed, other] = await Promise.allSettled([
      run(pool, 'linear', [13, 0, 0, 0]),
      run(pool, 'linear', [1, 2, 3, 4]),
    ]);
    expect(killed).toMatchObject({ status: 'rejected', reason: { code: 'internal' } });
    expect(other).toMatchObject({ status: 'fulfilled' });
  });

  it('closes while a thread is being replaced', async () => {
    const pool = poolOf({ entry: mortal });
    await load(pool, tinyModel('linear'));
    await expect(run(pool, 'linear', [13, 0, 0, 0])).rejects.toMatchObject({ code: 'internal' });
    await pool.close();
  });
});

describe('models that do not fit their cards', () => {
  const base = linearGraph();
  const graph = (changes: Partial<Graph>): Graph => ({ ...base, ...changes });
  const cases: [string, Graph, Record<string, unknown>, RegExp][] = [
    ['another input name', base, { input: { name: 'z', dims: [null, 4] } }, /takes "x", the card feeds "z"/],
    ['another output name', base, { output: { name: 'z', kind: 'logits' } }, /no output "z"/],
    ['4 labels for 3 scores', base, { labels: ['a', 'b', 'c', 'd'] }, /rows of \[3\], the card of \[4\]/],
    [
      'dims that are not the windows',
      base,
      { input: { name: 'x', dims: [null, 5] } },
      /features give windows of \[4\]/,
    ],
    ['a fixed batch in the card', base, { input: { name: 'x', dims: [1, 4] } }, /must be null/],
    [
      'a batch axis fixed at 1',
      graph({ inputs: [{ name: 'x', dims: [1, 4] }], outputs: [{ name: 'y', dims: [1, 3] }] }),
      {},
      /batch axis of input "x" is fixed at 1/,
    ],
    [
      'windows of another length',
      graph({
        inputs: [{ name: 'x', dims: ['batch', 5] }],
        initializers: [floats('w', [5, 3], Array<number>(15).fill(1)), base.initializers![1]!],
      }),
      {},
      /rows of \[5\], the card of \[4\]/,
    ],
    [
      'numbers of type float64',
      graph({
        nodes: [node('Cast', ['x'], ['x32'], { to: 1 }), node('Gemm', ['x32', 'w', 'b'], ['y'])],
        inputs: [{ name: 'x', dims: ['batch', 4], type: 11 }],
      }),
      {},
      /is float64, not float32/,
    ],
    [
      'two inputs',
      graph({
        nodes: [node('Add', ['x', 'x2'], ['s']), node('Gemm', ['s', 'w', 'b'], ['y'])],
        inputs: [...base.inputs, { name: 'x2', dims: ['batch', 4] }],
      }),
      {},
      /takes "x", "x2"/,
    ],
    [
      'numbers in another file',
      graph({ initializers: [externalFloats('w', [4, 3], '../../etc/passwd'), base.initializers![1]!] }),
      {},
      /external data/,
    ],
    ['an operator nobody knows', graph({ nodes: [node('Guess', ['x'], ['y'])] }), {}, /ONNX Runtime cannot load it/],
    ['another warm-up answer', base, { warmUp: { fill: 1, outputs: [4, 5, 6.1] } }, /instead of \[4, 5, 6.1\]/],
    ['a warm-up of 2 numbers for 3 labels', base, { warmUp: { fill: 1, outputs: [4, 5] } }, /2 numbers for 3 labels/],
    [
      'probabilities of 4 to 6',
      base,
      { output: { name: 'y', kind: 'probabilities' }, warmUp: { fill: 1, outputs: [4, 5, 6] } },
      /did not/,
    ],
    [
      'a warm-up that fails',
      brittleGraph(),
      { warmUp: { fill: 20, outputs: [1, 2, 3] } },
      /warm-up run failed: .*out of data bounds/,
    ],
    ['a warm-up that gives NaN', rootGraph(), { warmUp: { fill: -1, outputs: [1, 2, 3] } }, /NaN or infinity/],
  ];

  it.each(cases)('refuses %s with the reason', async (_what, wrong, changes, reason) => {
    const pool = poolOf();
    await expect(load(pool, tinyModel('m', wrong, changes))).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(reason),
    });
    await expect(run(pool, 'm', [1, 2, 3, 4])).rejects.toMatchObject({ code: 'model_unavailable' });
    expect(await load(pool, tinyModel('m'))).toEqual({ provider: 'cpu' });
  });

  it('refuses a file that is no ONNX', async () => {
    const { card } = tinyModel('m');
    await expect(poolOf().load('m', Buffer.from('garbage'), card)).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('refuses a graph that forgets its second window', async () => {
    const flat = graph({
      nodes: [node('Gather', ['x', 'zero'], ['first'], { axis: 0 }), node('Gemm', ['first', 'w', 'b'], ['y'])],
      initializers: [...base.initializers!, ints('zero', [0])],
    });
    await expect(load(poolOf(), tinyModel('m', flat))).rejects.toMatchObject({ code: 'model_invalid' });
  });

  it('refuses a graph whose answer for a window depends on the window beside it', async () => {
    // x minus the sum over the batch: 0 for a window alone, -1 for one of two equal windows of 1.
    const mingled = graph({
      nodes: [
        node('ReduceSum', ['x', 'zero'], ['sum'], { keepdims: 1 }),
        node('Sub', ['x', 'sum'], ['rest']),
        node('Gemm', ['rest', 'w', 'b'], ['y']),
      ],
      initializers: [...base.initializers!, ints('zero', [0])],
    });
    const card = { warmUp: { fill: 1, outputs: [0, 1, 2] } };
    await expect(load(poolOf(), tinyModel('m', mingled, card))).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringContaining('[-4, -3, -2] instead of [0, 1, 2]'),
    });
  });

  it('accepts axes without a name and a warm-up within 1e-3 of its largest number', async () => {
    const free = graph({ inputs: [{ name: 'x', dims: ['', ''] }], outputs: [{ name: 'y', dims: ['', ''] }] });
    const card = { warmUp: { fill: 1, outputs: [4.005, 5, 6] } };
    expect(await load(poolOf(), tinyModel('m', free, card))).toEqual({ provider: 'cpu' });
  });
});
