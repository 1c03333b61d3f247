/**
 * Threads that run ONNX models. Every thread has a session of every model; a run goes to the thread with the least to do.
 * The pool answers with typed errors and truthful provider names; batching, waiting and fairness are left to others.
 */
import { AppError } from '@timbre/shared/errors';
import type { ModelCard } from '@timbre/shared/contracts/model-card';
import type { Logger } from '@timbre/shared/observability/logger';
import { hasExternalData } from './external-data.js';
import { cardProblems } from './graph-check.js';
import type { ModelFile, OpenOptions } from './open-model.js';
import { superviseThread, type SupervisedThread } from './supervised-thread.js';
import { threadEntry } from './thread-handle.js';
import type { LoadedGraph } from './thread-protocol.js';

export interface InferencePool {
  readonly threads: number;
  /**
   * Loads a model into every thread and proves that it serves; loading it again changes nothing. The file stays in memory
   * for threads that have to be replaced.
   * @returns the execution provider that runs it
   * @throws AppError `model_invalid` with the reason, `shutting_down`, `internal`
   */
  load(modelDigest: string, onnx: Uint8Array, card: ModelCard): Promise<{ provider: string }>;
  /**
   * Waits while no thread has the model yet.
   * @param rows `[count, ...windowShape]`, row-major; its buffer is given away
   * @returns `[count, labels]`
   * @throws AppError `inference_failed`, `model_unavailable` (not loaded), `shutting_down`, `internal` (thread ended)
   */
  run(modelDigest: string, rows: Float32Array<ArrayBuffer>, count: number): Promise<Float32Array>;
  unload(modelDigest: string): Promise<void>;
  /** Finishes what runs, then ends all threads. */
  close(): Promise<void>;
}

export interface PoolOptions {
  threads: number;
  intraOpThreads: number;
  /** In order of preference; `cpu` is always the last resort. */
  executionProviders: readonly string[];
  log: Logger;
  /** Another thread entry, for tests. */
  entry?: URL | undefined;
}

interface Registered {
  file: ModelFile;
  provider: string;
}

export function createInferencePool(options: PoolOptions): InferencePool {
  const { threads, intraOpThreads, log, entry = threadEntry } = options;
  const providers = [...new Set([...options.executionProviders, 'cpu'])];
  const registered = new Map<string, Registered>();
  const reported = new Set<string>();
  let waiting: (() => void)[] = [];
  let closing: Promise<void> | undefined;

  const onChange = () => {
    const resume = waiting;
    waiting = [];
    for (const go of resume) go();
  };
  const openOptions = (provider: string): OpenOptions => ({ providers: [provider], intraOpThreads });
  const models = () => [...registered.values()].map(({ file, provider }) => ({ file, options: openOptions(provider) }));
  const members: SupervisedThread[] = Array.from({ length: threads }, () =>
    superviseThread({ entry, models, onChange, log }),
  );

  const leastBusy = (model: string): SupervisedThread | undefined => {
    const [first, ...others] = members.filter((member) => member.has(model));
    return first && others.reduce((least, other) => (other.pending < least.pending ? other : least), first);
  };

  const report = ({ unavailable }: LoadedGraph): void => {
    for (const { provider, reason } of unavailable) {
      if (reported.has(provider)) continue;
      reported.add(provider);
      log.warn({ provider, reason }, 'execution provider is not available here, using the next one');
    }
  };

  const loadEverywhere = async (file: ModelFile): Promise<string> => {
    const [first, ...others] = members;
    if (!first) throw new RangeError('a pool needs a thread');
    const graph = await first.load(file, { providers, intraOpThreads });
    report(graph);
    registered.set(file.model, { file, provider: graph.provider });
    onChange();
    // One after the other, so that all threads but one go on serving.
    for (const member of others)
      await member.load(file, openOptions(graph.provider)).catch((error: unknown) => {
        log.error({ err: error, model: file.card.id }, 'model could not be loaded into a thread');
      });
    return graph.provider;
  };

  return {
    threads,
    async load(model, onnx, card) {
      if (closing) throw new AppError('shutting_down');
      const present = registered.get(model);
      if (present) return { provider: present.provider };
      refuseUnsafe(onnx, card);
      return { provider: await loadEverywhere({ model, onnx, card }) };
    },
    async run(model, rows, count) {
      for (;;) {
        if (closing) throw new AppError('shutting_down');
        if (!registered.has(model)) throw new AppError('model_unavailable');
        // Chosen and called in one go: a pause between the two would send runs that come together to the same thread.
        const thread = leastBusy(model);
        if (thread) return thread.run(model, rows, count);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async unload(model) {
      registered.delete(model);
      onChange();
      await Promise.allSettled(members.map((member) => member.unload(model)));
    },
    close: () =>
      (closing ??= (async () => {
        const ended = Promise.all(members.map((member) => member.close()));
        onChange();
        await ended;
      })()),
  };
}

/** @throws AppError `model_invalid` */
function refuseUnsafe(onnx: Uint8Array, card: ModelCard): void {
  const problems = cardProblems(card);
  try {
    if (hasExternalData(onnx)) problems.push('the graph keeps numbers in other files (external data)');
  } catch (cause) {
    throw new AppError('model_invalid', { detail: 'model.onnx is not an ONNX file', cause });
  }
  if (problems.length > 0) throw new AppError('model_invalid', { detail: problems.join('; ') });
}
