/**
 * A worker thread with ONNX Runtime sessions. `session.run` blocks it, which is its purpose: the event loop that renews
 * queue locks never waits for a graph. Requests are worked off one after the other, so nothing is unloaded under a run.
 * The thread is never terminated from outside (that aborts the process during a run); it ends when told to close.
 */
import { parentPort } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { AppError, serializeError, toAppError } from '@timbre/shared/errors';
import type {
  GraphBinding,
  GraphValue,
  LoadedGraph,
  ThreadAnswers,
  ThreadMessage,
  ThreadReply,
  ThreadRequest,
} from './thread-protocol.js';

interface Loaded {
  session: InferenceSession;
  binding: GraphBinding;
  graph: LoadedGraph;
}

type LoadRequest = Extract<ThreadRequest, { kind: 'load' }>;
type RunRequest = Extract<ThreadRequest, { kind: 'run' }>;

// What goes wrong is answered to the pool; ONNX Runtime would print it to stderr as well.
env.logLevel = 'fatal';
const loaded = new Map<string, Loaded>();

async function load(request: LoadRequest): Promise<LoadedGraph> {
  const present = loaded.get(request.model);
  if (present) return present.graph;
  const { session, provider, unavailable } = await openSession(request);
  const graph = {
    provider,
    unavailable,
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.map(describe),
  };
  loaded.set(request.model, { session, binding: request.binding, graph });
  return graph;
}

/** @throws AppError `model_invalid` with what the last provider said */
async function openSession({ onnx, providers, intraOpThreads }: LoadRequest) {
  const unavailable: LoadedGraph['unavailable'] = [];
  for (const provider of providers) {
    try {
      const session = await InferenceSession.create(onnx, {
        executionProviders: [provider],
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        intraOpNumThreads: intraOpThreads,
        logSeverityLevel: 4,
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      return { session, provider, unavailable };
    } catch (error) {
      unavailable.push({ provider, reason: firstLine(error) });
    }
  }
  throw new AppError('model_invalid', { detail: `ONNX Runtime cannot load it: ${unavailable.at(-1)?.reason ?? ''}` });
}

const describe = (value: InferenceSession.ValueMetadata): GraphValue => ({
  name: value.name,
  type: value.isTensor ? value.type : undefined,
  dims: value.isTensor ? [...value.shape] : [],
});

async function run({ model, rows, count }: RunRequest): Promise<Float32Array> {
  const target = loaded.get(model);
  if (!target) throw new AppError('model_unavailable');
  const { session, binding } = target;
  const input = new Tensor('float32', rows, [count, ...binding.rowDims]);
  const output = await answerOf(session, { [binding.inputName]: input }, binding.outputName);
  if (!(output?.data instanceof Float32Array) || output.dims[0] !== count)
    throw new AppError('inference_failed', {
      detail: `the model answered ${output?.type} [${output?.dims.join()}] for ${count} windows`,
    });
  return output.data;
}

async function answerOf(session: InferenceSession, feeds: Record<string, Tensor>, outputName: string) {
  try {
    return (await session.run(feeds, [outputName]))[outputName];
  } catch (error) {
    throw new AppError('inference_failed', { details: { reason: firstLine(error) }, cause: error });
  }
}

const release = async (model: string): Promise<void> => {
  const target = loaded.get(model);
  loaded.delete(model);
  await target?.session.release();
};

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]?.slice(0, 300) ?? '';
}

async function answer(request: ThreadRequest): Promise<ThreadAnswers[keyof ThreadAnswers]> {
  switch (request.kind) {
    case 'load':
      return load(request);
    case 'run':
      return run(request);
    case 'unload':
      await release(request.model);
      return undefined;
    case 'close':
      for (const model of [...loaded.keys()]) await release(model);
      return undefined;
  }
}

async function handle({ id, request }: ThreadMessage): Promise<void> {
  const reply = (message: ThreadReply, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);
  try {
    const result = await answer(request);
    const owned = result instanceof Float32Array && result.buffer instanceof ArrayBuffer ? [result.buffer] : [];
    reply({ id, ok: true, answer: result }, owned);
  } catch (error) {
    reply({ id, ok: false, error: serializeError(toAppError(error)) });
  }
  if (request.kind === 'close') parentPort?.close();
}

let last = Promise.resolve();
parentPort?.on('message', (message: ThreadMessage) => {
  last = last.then(() => handle(message));
});
