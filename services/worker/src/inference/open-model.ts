/**
 * Loads a model into one thread and proves that it serves: graph and card agree, and a warm-up run of two equal windows
 * gives the numbers of the card, or at least finite numbers that are the same for both.
 */
import { AppError, isAppError } from '@timbre/shared/errors';
import type { ModelCard } from '@timbre/shared/contracts/model-card';
import { bindingOf, graphProblems } from './graph-check.js';
import type { ThreadHandle } from './thread-handle.js';
import type { LoadedGraph } from './thread-protocol.js';

export interface ModelFile {
  /** Key of the model in the thread: its digest. */
  model: string;
  onnx: Uint8Array;
  card: ModelCard;
}

export interface OpenOptions {
  /** In order of preference. */
  providers: string[];
  intraOpThreads: number;
}

/** Of the largest number, because small ones differ more between machines. */
const tolerance = 1e-3;
const warmUpRows = 2;

/** @throws AppError `model_invalid` with the reason (the thread holds nothing then), `internal` when the thread ended */
export async function openModel(
  thread: ThreadHandle,
  { model, onnx, card }: ModelFile,
  { providers, intraOpThreads }: OpenOptions,
): Promise<LoadedGraph> {
  const copy = new Uint8Array(onnx);
  const binding = bindingOf(card);
  const graph = await thread.call({ kind: 'load', model, onnx: copy, binding, providers, intraOpThreads }, [
    copy.buffer,
  ]);
  try {
    const problems = graphProblems(card, graph);
    if (problems.length > 0) throw invalid(problems.join('; '));
    await warmUp(thread, model, card);
    return graph;
  } catch (error) {
    await thread.call({ kind: 'unload', model }).catch(() => undefined);
    throw error;
  }
}

async function warmUp(thread: ThreadHandle, model: string, card: ModelCard): Promise<void> {
  const rowSize = bindingOf(card).rowDims.reduce((product, dim) => product * dim, 1);
  const rows = new Float32Array(warmUpRows * rowSize).fill(card.warmUp?.fill ?? 0);
  const answers = await thread.call({ kind: 'run', model, rows, count: warmUpRows }, [rows.buffer]).catch(refuse);
  const labels = card.labels.length;
  if (answers.length !== warmUpRows * labels)
    throw invalid(`the warm-up run answered ${answers.length} scores for ${warmUpRows} windows and ${labels} labels`);
  if (!answers.every(Number.isFinite)) throw invalid('the warm-up run answered NaN or infinity');
  const expected = card.warmUp?.outputs ?? [...answers.subarray(0, labels)];
  for (let row = 0; row < warmUpRows; row++) {
    const observed = answers.subarray(row * labels, (row + 1) * labels);
    if (differ(observed, expected))
      throw invalid(`the warm-up run answered [${observed.join(', ')}] instead of [${expected.join(', ')}]`);
  }
  if (card.output.kind === 'probabilities' && answers.some((score) => score < -tolerance || score > 1 + tolerance))
    throw invalid('the card says the model answers probabilities; the warm-up run did not');
}

function differ(observed: Float32Array, expected: number[]): boolean {
  const scale = Math.max(...expected.map(Math.abs));
  return expected.some((number, index) => Math.abs((observed[index] ?? NaN) - number) > tolerance * scale);
}

const invalid = (detail: string) => new AppError('model_invalid', { detail });

function refuse(error: unknown): never {
  if (!isAppError(error) || error.code !== 'inference_failed') throw error;
  const { reason } = error.details;
  const detail = `the warm-up run failed: ${typeof reason === 'string' ? reason : error.message}`;
  throw new AppError('model_invalid', { detail, cause: error });
}
