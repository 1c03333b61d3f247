/**
 * One run for the rows of many tasks, such that a task that cannot be run takes no other with it. A run that fails is
 * halved until the failing task stands alone; tasks whose outputs are not finite are run again without the others before
 * they are blamed, because some graphs (dynamic quantisation, for one) let a row reach its neighbours.
 */
import { AppError, isAppError } from '@timbre/shared/errors';
import type { Slice } from './row-task.js';

/** `rows` is `[count, rowSize]` and belongs to the run (it may be transferred away); answers `[count, outputSize]`. */
export type RunRows = (rows: Float32Array<ArrayBuffer>, count: number) => Promise<Float32Array>;

export interface RunShape {
  rowSize: number;
  outputSize: number;
}

/** Settles every slice's part of its task; never rejects. */
export async function runIsolating(run: RunRows, shape: RunShape, slices: readonly Slice[]): Promise<void> {
  const live = slices.filter(({ task }) => !task.settled);
  const [first] = live;
  if (!first) return;
  let outputs: Float32Array;
  try {
    outputs = await runTogether(run, shape, live);
  } catch (error) {
    if (live.length === 1 || isOutage(error)) live.forEach(({ task }) => task.fail(toInferenceError(error)));
    else await runHalves(run, shape, live);
    return;
  }
  const nonfinite = deliverFinite(shape, live, outputs);
  if (nonfinite.length === 0) return;
  if (live.length === 1) first.task.fail(new AppError('inference_nonfinite'));
  else if (nonfinite.length < live.length) await runIsolating(run, shape, nonfinite);
  else await runHalves(run, shape, live);
}

async function runHalves(run: RunRows, shape: RunShape, slices: readonly Slice[]): Promise<void> {
  const middle = slices.length >> 1;
  await runIsolating(run, shape, slices.slice(0, middle));
  await runIsolating(run, shape, slices.slice(middle));
}

async function runTogether(run: RunRows, { rowSize, outputSize }: RunShape, slices: Slice[]): Promise<Float32Array> {
  const count = slices.reduce((sum, slice) => sum + slice.count, 0);
  const rows = new Float32Array(count * rowSize);
  let at = 0;
  for (const { task, from, count: taken } of slices) {
    rows.set(task.rows.subarray(from * rowSize, (from + taken) * rowSize), at * rowSize);
    at += taken;
  }
  const outputs = await run(rows, count);
  if (outputs.length !== count * outputSize)
    throw new AppError('inference_failed', {
      detail: 'the model answered another number of scores than it has labels',
      details: { windows: count, expected: count * outputSize, observed: outputs.length },
    });
  return outputs;
}

/** Hands out the finite parts; returns the slices whose part is not. */
function deliverFinite({ outputSize }: RunShape, slices: Slice[], outputs: Float32Array): Slice[] {
  let at = 0;
  return slices.filter((slice) => {
    const part = outputs.subarray(at * outputSize, (at + slice.count) * outputSize);
    at += slice.count;
    const finite = part.every(Number.isFinite);
    if (finite && !slice.task.settled) slice.task.deliver(slice, part);
    return !finite;
  });
}

/** What no smaller run could get round. */
function isOutage(error: unknown): boolean {
  return isAppError(error) && (error.code === 'shutting_down' || error.code === 'model_unavailable');
}

function toInferenceError(error: unknown): AppError {
  return isAppError(error) ? error : new AppError('inference_failed', { cause: error });
}
