/**
 * One `submit` in a batcher. States: *waiting* (rows not taken yet) → *running* (all rows taken) → *settled* (outputs
 * complete, failed or aborted), entered in this order, *settled* from either and for good.
 */
import type { Lane } from '@timbre/shared/contracts/job';

export interface RowTask {
  readonly lane: Lane;
  /** `[count, rowSize]`, only read. */
  readonly rows: Float32Array;
  readonly count: number;
  readonly queuedAt: number;
  /** First row not taken into a run yet. */
  next: number;
  readonly settled: boolean;
  /** Stores the outputs `[rows of the slice, outputSize]`; resolves the task when they were the last. */
  deliver(slice: Slice, outputs: Float32Array): void;
  fail(reason: unknown): void;
  /** Called when the first row goes into a run. */
  readonly onStart: (() => void) | undefined;
}

/** Rows `from` to `from + count` of a task, in one run. A run has at most one slice of a task. */
export interface Slice {
  readonly task: RowTask;
  readonly from: number;
  readonly count: number;
}

export interface RowTaskOptions {
  lane: Lane;
  rows: Float32Array;
  count: number;
  outputSize: number;
  queuedAt: number;
  onStart: (() => void) | undefined;
  /** Called once, when the task settles. */
  onSettled: () => void;
  resolve: (outputs: Float32Array) => void;
  reject: (reason: unknown) => void;
}

export function createRowTask(options: RowTaskOptions): RowTask {
  const { lane, rows, count, outputSize, queuedAt, onStart } = options;
  const gathered = new Float32Array(count * outputSize);
  let missing = count;
  let settled = false;
  const settle = (finish: () => void) => {
    if (settled) return;
    settled = true;
    options.onSettled();
    finish();
  };
  return {
    lane,
    rows,
    count,
    queuedAt,
    next: 0,
    get settled() {
      return settled;
    },
    deliver(slice, outputs) {
      gathered.set(outputs, slice.from * outputSize);
      missing -= slice.count;
      if (missing === 0) settle(() => options.resolve(gathered));
    },
    fail: (reason) => settle(() => options.reject(reason)),
    onStart,
  };
}
