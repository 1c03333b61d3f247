/**
 * Collects rows (windows) of many tasks into one run of one model.
 *
 * The clock of a lane starts at its first waiting row; one timer at most is set, for whichever lane is due first. A lane is
 * released when it can fill a run, when its first row has waited long enough, or when the batcher drains, and then goes as
 * soon as a slot is free. Rows keep their order; interactive rows go before bulk rows; at most `maxQueuedRows` wait in a lane.
 */
import { AppError } from '@timbre/shared/errors';
import type { Lane } from '@timbre/shared/contracts/job';
import type { BatchClock } from './clock.js';
import { createLaneQueue } from './lane-queue.js';
import { createRowTask, type RowTask, type Slice } from './row-task.js';
import { runIsolating, type RunRows, type RunShape } from './run-isolating.js';
import type { Slots } from './slots.js';

/** `full`: a run's worth of rows; `wait`: the first row waited its time; `immediate`: its time is 0; `drain`: shutting down. */
export type ReleaseReason = 'full' | 'wait' | 'immediate' | 'drain';

export interface Release {
  lane: Lane;
  reason: ReleaseReason;
  rows: number;
  tasks: number;
}

export interface BatcherOptions extends RunShape {
  /** Rows in one run at most. */
  maxRows: number;
  maxWaitMs: Record<Lane, number>;
  /** Rows waiting in one lane at most; a single task may be bigger when it waits alone. */
  maxQueuedRows: number;
  /** Fill the rest of an interactive run with bulk rows: right where a run costs the same however full (GPU). */
  mixLanes: boolean;
  slots: Slots;
  run: RunRows;
  clock: BatchClock;
  onRelease?: ((release: Release) => void) | undefined;
}

export interface SubmitOptions {
  lane: Lane;
  /** Aborting drops the rows that have not been taken and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called when the first row goes into a run. */
  onStart?: (() => void) | undefined;
}

interface Enqueued extends SubmitOptions {
  resolve: (outputs: Float32Array) => void;
  reject: (reason: unknown) => void;
}

export interface Batcher {
  readonly queuedRows: Record<Lane, number>;
  /**
   * @param rows `[count, rowSize]`, row-major; must not change until the promise settles
   * @returns `[count, outputSize]` in the order of the rows
   * @throws AppError `tensor_corrupt` (wrong length), `queue_full`, `shutting_down`, `inference_failed`,
   * `inference_nonfinite`, what `run` threw, or the reason of `signal`
   */
  submit(rows: Float32Array, count: number, options: SubmitOptions): Promise<Float32Array>;
  /** Takes nothing new, releases what waits, resolves when everything has settled. */
  drain(): Promise<void>;
}

export function createBatcher(options: BatcherOptions): Batcher {
  const { rowSize, outputSize, maxRows, maxWaitMs, maxQueuedRows, mixLanes, slots, clock } = options;
  const queues = { interactive: createLaneQueue(), bulk: createLaneQueue() };
  const unsettled = new Set<RowTask>();
  let draining = false;
  let onIdle: (() => void) | undefined;
  let timer: { dueAt: number; cancel: () => void } | undefined;

  const dueAt = (lane: Lane) => (queues[lane].head?.queuedAt ?? Infinity) + maxWaitMs[lane];

  const reasonToRelease = (lane: Lane, nowMs: number): ReleaseReason | undefined => {
    const { rows } = queues[lane];
    if (rows === 0) return undefined;
    if (rows >= maxRows) return 'full';
    if (draining) return 'drain';
    if (maxWaitMs[lane] === 0) return 'immediate';
    return nowMs >= dueAt(lane) ? 'wait' : undefined;
  };

  const take = (lane: Lane): Slice[] => {
    if (!mixLanes) return queues[lane].take(maxRows);
    const slices = queues.interactive.take(maxRows);
    return [...slices, ...queues.bulk.take(maxRows - rowsOf(slices))];
  };

  const start = (lane: Lane, reason: ReleaseReason, giveBack: () => void): void => {
    const slices = take(lane);
    options.onRelease?.({ lane, reason, rows: rowsOf(slices), tasks: slices.length });
    for (const { task, from } of slices) if (from === 0) task.onStart?.();
    void runIsolating(options.run, { rowSize, outputSize }, slices).finally(giveBack);
  };

  const pump = (lane: Lane, nowMs: number): void => {
    for (let reason = reasonToRelease(lane, nowMs); reason; reason = reasonToRelease(lane, nowMs)) {
      // Interactive rows that still wait for company keep one slot for themselves, or come along.
      const keepFree = lane === 'bulk' && !mixLanes && queues.interactive.rows > 0 ? 1 : 0;
      const giveBack = slots.tryTake(lane, keepFree);
      if (!giveBack) break;
      start(lane, reason, giveBack);
    }
    arm(nowMs);
  };

  /** Sets the one timer to the next moment at which a lane becomes due by waiting. */
  const arm = (nowMs: number): void => {
    const waits = lanes.map(dueAt).filter((due) => due > nowMs);
    const next = draining ? Infinity : Math.min(Infinity, ...waits);
    if (next === timer?.dueAt) return;
    timer?.cancel();
    timer = next === Infinity ? undefined : { dueAt: next, cancel: clock.after(next - nowMs, onTimer) };
  };

  const onTimer = (): void => {
    // A timer may fire a fraction of a millisecond early; what it was set for is due all the same.
    const nowMs = Math.max(clock.now(), timer?.dueAt ?? 0);
    timer = undefined;
    for (const lane of lanes) pump(lane, nowMs);
  };

  const stopOffers = slots.onFree((lane) => pump(lane, clock.now()));

  const settled = (task: RowTask): void => {
    unsettled.delete(task);
    if (task.next < task.count) {
      queues[task.lane].drop(task);
      for (const lane of lanes) pump(lane, clock.now());
    }
    if (unsettled.size === 0) onIdle?.();
  };

  const check = (rows: Float32Array, count: number, lane: Lane): void => {
    const { rows: queued } = queues[lane];
    if (draining) throw new AppError('shutting_down');
    if (rows.length !== count * rowSize) throw wrongLength(count * rowSize, rows.length);
    if (queued > 0 && queued + count > maxQueuedRows)
      throw new AppError('queue_full', { details: { limit: maxQueuedRows, observed: queued + count } });
  };

  const enqueue = (rows: Float32Array, count: number, { lane, signal, onStart, resolve, reject }: Enqueued): void => {
    const onAbort = () => task.fail(signal?.reason);
    const onSettled = () => {
      signal?.removeEventListener('abort', onAbort);
      settled(task);
    };
    const queuedAt = clock.now();
    const task = createRowTask({ lane, rows, count, outputSize, queuedAt, onStart, onSettled, resolve, reject });
    signal?.addEventListener('abort', onAbort, { once: true });
    unsettled.add(task);
    queues[lane].push(task);
    pump(lane, queuedAt);
  };

  return {
    get queuedRows() {
      return { interactive: queues.interactive.rows, bulk: queues.bulk.rows };
    },
    async submit(rows, count, submitOptions) {
      submitOptions.signal?.throwIfAborted();
      check(rows, count, submitOptions.lane);
      if (count === 0) return new Float32Array(0);
      return new Promise((resolve, reject) => enqueue(rows, count, { ...submitOptions, resolve, reject }));
    },
    async drain() {
      draining = true;
      for (const lane of lanes) pump(lane, clock.now());
      if (unsettled.size > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      stopOffers();
    },
  };
}

const lanes: readonly Lane[] = ['interactive', 'bulk'];
const rowsOf = (slices: readonly Slice[]) => slices.reduce((sum, { count }) => sum + count, 0);
const wrongLength = (expected: number, observed: number) =>
  new AppError('tensor_corrupt', {
    detail: 'the windows do not have the shape of the model',
    details: { expected, observed },
  });
