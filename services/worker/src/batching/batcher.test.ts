import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '@timbre/shared/errors';
import type { Lane } from '@timbre/shared/contracts/job';
import { createBatcher, type BatcherOptions, type Release } from './batcher.js';
import { createSlots } from './slots.js';
import { createFakeClock } from './testing/fake-clock.js';

/** A run that is finished by hand: `finish` answers twice each row's first number, plus one more score of 0.5. */
interface HeldRun {
  rows: number[];
  finish: () => Promise<void>;
  fail: (error: Error) => Promise<void>;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const rowSize = 2;
const outputSize = 2;
const rowsOf = (...values: number[]) => Float32Array.from(values.flatMap((value) => [value, -value]));
const firsts = (rows: Float32Array, width = rowSize) => [...rows].filter((_, index) => index % width === 0);
const double = (rows: Float32Array) => Float32Array.from(firsts(rows).flatMap((value) => [value * 2, 0.5]));

function setUp(
  changes: Partial<Omit<BatcherOptions, 'slots'>> & { total?: number; reservedInteractive?: number } = {},
) {
  const { total = 1, reservedInteractive = 0, ...rest } = changes;
  const clock = createFakeClock();
  const slots = createSlots({ total, reservedInteractive });
  const runs: HeldRun[] = [];
  const releases: Release[] = [];
  const batcher = createBatcher({
    rowSize,
    outputSize,
    maxRows: 4,
    maxWaitMs: { interactive: 0, bulk: 5 },
    maxQueuedRows: 100,
    mixLanes: false,
    slots,
    clock,
    onRelease: (release) => releases.push(release),
    run: (rows) =>
      new Promise((resolve, reject) => {
        runs.push({
          rows: firsts(rows),
          finish: () => (resolve(double(rows)), settle()),
          fail: (error) => (reject(error), settle()),
        });
      }),
    ...rest,
  });
  const submit = (lane: Lane, values: number[], signal?: AbortSignal) =>
    batcher.submit(rowsOf(...values), values.length, { lane, signal });
  const finishAll = async () => {
    for (let index = 0; index < runs.length; index++) await runs[index]!.finish();
  };
  return { clock, slots, runs, releases, batcher, submit, finishAll };
}

describe('release', () => {
  it('flushes 3 waiting bulk rows 5 ms after the first, in one run, in order', async () => {
    const { clock, runs, releases, submit } = setUp();
    const first = submit('bulk', [1]);
    clock.advance(3);
    const second = submit('bulk', [2, 3]);
    clock.advance(1.9);
    expect(runs).toHaveLength(0);
    clock.advance(0.1);
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2, 3]]);
    expect(releases).toEqual([{ lane: 'bulk', reason: 'wait', rows: 3, tasks: 2 }]);
    await runs[0]!.finish();
    expect([...(await first)]).toEqual([2, 0.5]);
    expect([...(await second)]).toEqual([4, 0.5, 6, 0.5]);
  });

  it('releases at once when 4 rows fill a run, and leaves no timer behind', () => {
    const { clock, runs, releases, submit } = setUp();
    void submit('bulk', [1, 2]);
    expect(clock.timers).toBe(1);
    void submit('bulk', [3, 4]);
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2, 3, 4]]);
    expect(releases[0]!.reason).toBe('full');
    expect(clock.timers).toBe(0);
  });

  it('sets one timer for both lanes, for the one due first', () => {
    const { clock, runs, submit } = setUp({ maxWaitMs: { interactive: 2, bulk: 5 }, total: 2 });
    void submit('bulk', [1]);
    clock.advance(1);
    void submit('interactive', [2]);
    expect(clock.timers).toBe(1);
    clock.advance(2);
    expect(runs.map(({ rows }) => rows)).toEqual([[2]]);
    expect(clock.timers).toBe(1);
    clock.advance(2);
    expect(runs.map(({ rows }) => rows)).toEqual([[2], [1]]);
    expect(clock.timers).toBe(0);
  });

  it('takes a timer that fires 0.4 ms early for due', () => {
    let fire: (() => void) | undefined;
    const { runs, submit } = setUp({
      clock: { now: () => (fire ? 4.6 : 0), after: (_ms, onTime) => ((fire = onTime), () => (fire = undefined)) },
    });
    void submit('bulk', [1]);
    fire!();
    expect(runs).toHaveLength(1);
  });

  it('runs interactive rows with a wait of 0 at once when a slot is free', () => {
    const { runs, releases, submit } = setUp();
    void submit('interactive', [1]);
    expect(runs.map(({ rows }) => rows)).toEqual([[1]]);
    expect(releases[0]!.reason).toBe('immediate');
  });

  it('gathers what arrives while the only slot is busy into the next run', async () => {
    const { runs, submit, finishAll } = setUp();
    const all = [1, 2, 3].map((value) => submit('interactive', [value]));
    expect(runs.map(({ rows }) => rows)).toEqual([[1]]);
    await finishAll();
    expect(runs.map(({ rows }) => rows)).toEqual([[1], [2, 3]]);
    expect((await Promise.all(all)).map(([score]) => score)).toEqual([2, 4, 6]);
  });

  it('splits 10 rows into runs of 4, 4 and 2 over 2 slots and gathers them in order however they finish', async () => {
    const { runs, submit } = setUp({ total: 2 });
    const outputs = submit('interactive', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(runs.map(({ rows }) => rows)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    await runs[1]!.finish();
    await runs[2]!.finish();
    await runs[0]!.finish();
    expect(firsts(await outputs, outputSize)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it('says when the first row of a task starts, once', async () => {
    const { clock, batcher, finishAll } = setUp();
    const starts: number[] = [];
    const done = batcher.submit(rowsOf(1, 2, 3, 4, 5), 5, {
      lane: 'bulk',
      onStart: () => starts.push(clock.now()),
    });
    clock.advance(5);
    await finishAll();
    await done;
    expect(starts).toEqual([0]);
  });

  it('resolves a task without rows without a run', async () => {
    const { runs, submit } = setUp();
    expect(await submit('bulk', [])).toHaveLength(0);
    expect(runs).toHaveLength(0);
  });
});

describe('lanes', () => {
  it('runs interactive rows before bulk rows that came first', async () => {
    const { clock, runs, submit, finishAll } = setUp();
    const all = [submit('interactive', [0]), submit('bulk', [1, 2]), submit('interactive', [3])];
    clock.advance(10);
    await finishAll();
    await Promise.all(all);
    expect(runs.map(({ rows }) => rows)).toEqual([[0], [3], [1, 2]]);
  });

  it('never lets bulk into the slot reserved for interactive', () => {
    const { runs, submit } = setUp({ total: 2, reservedInteractive: 1 });
    void submit('bulk', [1, 2, 3, 4]);
    void submit('bulk', [5, 6, 7, 8]);
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2, 3, 4]]);
    void submit('interactive', [9]);
    expect(runs).toHaveLength(2);
  });

  it('keeps the last slot for interactive rows that still wait for company', () => {
    const { clock, runs, submit } = setUp({ maxWaitMs: { interactive: 3, bulk: 5 } });
    void submit('interactive', [1]);
    void submit('bulk', [2, 3, 4, 5]);
    expect(runs).toHaveLength(0);
    clock.advance(3);
    expect(runs.map(({ rows }) => rows)).toEqual([[1]]);
  });

  it('lets bulk go when the interactive rows it gave way to are aborted', async () => {
    const { runs, submit } = setUp({ maxWaitMs: { interactive: 3, bulk: 5 } });
    const controller = new AbortController();
    const canceled = submit('interactive', [1], controller.signal);
    void submit('bulk', [2, 3, 4, 5]);
    controller.abort(new Error('canceled'));
    await expect(canceled).rejects.toThrow('canceled');
    expect(runs.map(({ rows }) => rows)).toEqual([[2, 3, 4, 5]]);
  });

  it('keeps lanes in runs of their own, or fills an interactive run with bulk rows when asked to mix', async () => {
    for (const mixLanes of [false, true]) {
      const { clock, runs, submit, finishAll } = setUp({ mixLanes });
      const all = [submit('interactive', [0]), submit('bulk', [1]), submit('interactive', [2])];
      clock.advance(5);
      await finishAll();
      await Promise.all(all);
      expect(runs.map(({ rows }) => rows)).toEqual(mixLanes ? [[0], [2, 1]] : [[0], [2], [1]]);
    }
  });

  it('offers a freed slot to interactive work of another model before bulk work of the same', async () => {
    const { clock, slots, runs, submit } = setUp();
    const other: number[][] = [];
    const interactive = createBatcher({
      ...{
        rowSize,
        outputSize,
        maxRows: 4,
        maxWaitMs: { interactive: 0, bulk: 5 },
        maxQueuedRows: 10,
        mixLanes: false,
      },
      ...{ slots, clock, run: (rows: Float32Array) => (other.push(firsts(rows)), Promise.resolve(double(rows))) },
    });
    void submit('bulk', [1, 2, 3, 4]);
    void submit('bulk', [5, 6, 7, 8]);
    const answer = interactive.submit(rowsOf(9), 1, { lane: 'interactive' });
    await runs[0]!.finish();
    await answer;
    await settle();
    expect(other).toEqual([[9]]);
    expect(runs.map(({ rows }) => rows)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
  });
});

describe('bounds and ends', () => {
  it('refuses rows over the bound with queue_full, by lane', async () => {
    const { batcher, submit } = setUp({ maxQueuedRows: 3, maxRows: 8 });
    void submit('bulk', [1, 2]);
    await expect(submit('bulk', [3, 4])).rejects.toMatchObject({
      code: 'queue_full',
      details: { limit: 3, observed: 4 },
    });
    void submit('bulk', [5]);
    expect(batcher.queuedRows).toEqual({ interactive: 0, bulk: 3 });
    void submit('interactive', [6, 7]);
  });

  it('takes a task bigger than the bound when it waits alone', async () => {
    const { submit, finishAll } = setUp({ maxQueuedRows: 2 });
    const outputs = submit('interactive', [1, 2, 3, 4, 5]);
    await finishAll();
    expect(await outputs).toHaveLength(5 * outputSize);
  });

  it('refuses rows of the wrong length as tensor_corrupt', async () => {
    const { batcher } = setUp();
    const wrong = batcher.submit(new Float32Array(5), 2, { lane: 'bulk' });
    await expect(wrong).rejects.toMatchObject({ code: 'tensor_corrupt', details: { expected: 4, observed: 5 } });
  });

  it('drops aborted rows before they are computed', async () => {
    const { clock, runs, batcher, submit } = setUp();
    const controller = new AbortController();
    const expired = submit('bulk', [1, 2], controller.signal);
    void submit('bulk', [3]);
    controller.abort(new AppError('deadline_exceeded'));
    await expect(expired).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(batcher.queuedRows.bulk).toBe(1);
    clock.advance(5);
    expect(runs.map(({ rows }) => rows)).toEqual([[3]]);
  });

  it('takes nothing from a task that was aborted before it came', async () => {
    const { batcher, submit } = setUp();
    await expect(submit('bulk', [1], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(batcher.queuedRows.bulk).toBe(0);
  });

  it('drops the rest of a task whose first rows are running', async () => {
    const { runs, submit } = setUp();
    const controller = new AbortController();
    const aborted = submit('interactive', [1, 2, 3, 4, 5, 6], controller.signal);
    const next = submit('interactive', [7]);
    controller.abort(new Error('canceled'));
    await expect(aborted).rejects.toThrow('canceled');
    await runs[0]!.finish();
    await runs[1]!.finish();
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2, 3, 4], [7]]);
    expect([...(await next)]).toEqual([14, 0.5]);
  });

  it('drains: releases what waits, refuses what comes, resolves when all have settled', async () => {
    const { runs, releases, batcher, clock, submit } = setUp();
    const waiting = submit('bulk', [1]);
    let drained = false;
    const drain = batcher.drain().then(() => (drained = true));
    expect(releases).toEqual([{ lane: 'bulk', reason: 'drain', rows: 1, tasks: 1 }]);
    expect(clock.timers).toBe(0);
    await expect(submit('interactive', [2])).rejects.toMatchObject({ code: 'shutting_down' });
    await settle();
    expect(drained).toBe(false);
    await runs[0]!.finish();
    await drain;
    expect([...(await waiting)]).toEqual([2, 0.5]);
  });
});

describe('isolation', () => {
  /** Fails when a row is 13, answers NaN for a row of 66, both as a graph might. */
  const fragile = () => {
    const runs: number[][] = [];
    const run = async (rows: Float32Array) => {
      const values = firsts(rows);
      runs.push(values);
      if (values.includes(13)) throw new Error('index out of bounds');
      return double(rows).map((score) => (score === 132 ? NaN : score));
    };
    return { runs, run };
  };

  it('lets the other 7 of 8 tasks succeed when one makes the run fail, in runs of 8, 4, 4, 2, 2, 1, 1', async () => {
    const { run, runs } = fragile();
    const { submit, clock } = setUp({ run, maxRows: 8 });
    const values = [1, 2, 3, 4, 5, 13, 7, 8];
    const answers = values.map((value) => submit('bulk', [value]));
    clock.advance(5);
    const results = await Promise.allSettled(answers);
    results.forEach((result, index) => {
      if (values[index] === 13) expect(result).toMatchObject({ reason: { code: 'inference_failed' } });
      else expect(result).toMatchObject({ value: double(rowsOf(values[index]!)) });
    });
    expect(runs.map((rows) => rows.length)).toEqual([8, 4, 4, 2, 1, 1, 2]);
  });

  it('fails only the task whose scores are not finite, after running it alone', async () => {
    const { run, runs } = fragile();
    const { submit, clock } = setUp({ run });
    const answers = [submit('bulk', [1]), submit('bulk', [66]), submit('bulk', [3])];
    clock.advance(5);
    const results = await Promise.allSettled(answers);
    expect(results[0]).toMatchObject({ value: double(rowsOf(1)) });
    expect(results[1]).toMatchObject({ reason: { code: 'inference_nonfinite' } });
    expect(results[2]).toMatchObject({ value: double(rowsOf(3)) });
    expect(runs).toEqual([[1, 66, 3], [66]]);
  });

  it('finds the one bad task when its NaN reaches every row of the run', async () => {
    const run = async (rows: Float32Array) => {
      const scores = double(rows);
      return firsts(rows).includes(66) ? scores.fill(NaN) : scores;
    };
    const { submit, clock } = setUp({ run });
    const answers = [1, 66, 3, 4].map((value) => submit('bulk', [value]));
    clock.advance(5);
    const states = (await Promise.allSettled(answers)).map(({ status }) => status);
    expect(states).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('fails a run that answers 3 scores for 2 rows of 2', async () => {
    const { submit } = setUp({ run: () => Promise.resolve(new Float32Array(3)) });
    await expect(submit('interactive', [1, 2])).rejects.toMatchObject({
      code: 'inference_failed',
      details: { windows: 2, expected: 4, observed: 3 },
    });
  });

  it('does not look for a culprit when the model is gone', async () => {
    let runs = 0;
    const run = () => ((runs += 1), Promise.reject(new AppError('model_unavailable')));
    const { submit, clock } = setUp({ run });
    const answers = [submit('bulk', [1]), submit('bulk', [2])];
    clock.advance(5);
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'model_unavailable' });
    expect(runs).toBe(1);
  });

  it('fails a task of 6 rows whole and drops its rest when its first run fails', async () => {
    const { run, runs } = fragile();
    const { submit } = setUp({ run });
    await expect(submit('interactive', [13, 2, 3, 4, 5, 6])).rejects.toMatchObject({ code: 'inference_failed' });
    await settle();
    expect(runs).toEqual([[13, 2, 3, 4]]);
  });
});

describe('properties', () => {
  const taskArbitrary = fc.record({
    lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    count: fc.integer({ min: 1, max: 9 }),
    poison: fc.constantFrom('none', 'none', 'none', 'throw', 'nan'),
    abort: fc.boolean(),
    pauseMs: fc.integer({ min: 0, max: 7 }),
  });

  it('answers every task with its own rows, or its own fault, whatever it is batched with', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(taskArbitrary, { maxLength: 20 }),
        fc.record({
          maxRows: fc.integer({ min: 1, max: 8 }),
          total: fc.integer({ min: 1, max: 3 }),
          mixLanes: fc.boolean(),
        }),
        async (tasks, settings) => {
          const poisons = { none: 0, throw: 1000, nan: 2000 };
          let longest = 0;
          const run = async (rows: Float32Array) => {
            const values = firsts(rows);
            longest = Math.max(longest, values.length);
            await settle();
            if (values.some((value) => value >= 1000 && value < 2000)) throw new Error('poison');
            return double(rows).map((score) => (score >= 4000 ? NaN : score));
          };
          const { clock, batcher, submit } = setUp({ ...settings, run });
          const answers: Promise<PromiseSettledResult<Float32Array>[]>[] = [];
          for (const [index, { lane, count, poison, abort, pauseMs }] of tasks.entries()) {
            const values = Array.from({ length: count }, (_, row) => index * 10 + row);
            values[count - 1]! += poisons[poison];
            const controller = new AbortController();
            answers.push(Promise.allSettled([submit(lane, values, controller.signal)]));
            clock.advance(pauseMs);
            if (abort) controller.abort(new Error('canceled'));
          }
          await batcher.drain();
          const results = (await Promise.all(answers)).flat();
          results.forEach((result, index) => {
            const { count, poison, abort } = tasks[index]!;
            const expected = double(rowsOf(...Array.from({ length: count }, (_, row) => index * 10 + row)));
            if (result.status === 'fulfilled') {
              expect(poison).toBe('none');
              expect(result.value).toEqual(expected);
            } else if (!abort) {
              expect(poison).not.toBe('none');
              expect(result.reason.code).toBe(poison === 'nan' ? 'inference_nonfinite' : 'inference_failed');
            }
          });
          expect(longest).toBeLessThanOrEqual(settings.maxRows);
          expect(batcher.queuedRows).toEqual({ interactive: 0, bulk: 0 });
          expect(clock.timers).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
