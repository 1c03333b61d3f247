/**
 * One loaded version of a model with the batcher in front of it. States: *serving* → *retiring* (newer work goes elsewhere,
 * jobs in flight still get it; may go back to *serving*) → *gone* (drained and unloaded).
 */
import type { ModelCard } from '@timbre/shared/contracts/model-card';
import type { LoadedCard } from '@timbre/shared/models/model-catalog';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { createBatcher, type Batcher, type BatcherOptions, type SubmitOptions } from '../batching/batcher.js';
import { bindingOf } from './graph-check.js';
import type { InferencePool } from './inference-pool.js';

export interface ServingModel {
  readonly card: ModelCard;
  readonly modelDigest: string;
  readonly featureDigest: string;
  /** Execution provider that really runs it. */
  readonly provider: string;
  /**
   * @param rows `[count, ...windowShape]`, row-major; only read, and left alone until the promise settles
   * @returns `[count, labels]` as the graph answers: logits or probabilities
   * @throws AppError as `Batcher.submit`
   */
  infer(rows: Float32Array, count: number, options: SubmitOptions): Promise<Float32Array>;
}

export type BatchRules = Omit<BatcherOptions, 'rowSize' | 'outputSize' | 'run' | 'onRelease'>;

export interface Version extends ServingModel {
  /** Waits for what it has in flight, then unloads it. */
  unload(): Promise<void>;
  /** Lets what waits go at once and refuses what comes. */
  drain(): Promise<void>;
  /** Calls off the unloading of a retiring version. */
  cancelRetirement: (() => void) | undefined;
}

export interface VersionDeps {
  pool: InferencePool;
  metrics: Metrics;
  batching: BatchRules;
}

export function createVersion(loaded: LoadedCard, provider: string, { pool, metrics, batching }: VersionDeps): Version {
  const { card, modelDigest, featureDigest } = loaded;
  const batcher: Batcher = createBatcher({
    ...batching,
    // Asked for with a GPU in mind: a provider that fell back to the CPU pays for every row.
    mixLanes: batching.mixLanes && provider !== 'cpu',
    rowSize: bindingOf(card).rowDims.reduce((product, dim) => product * dim, 1),
    outputSize: card.labels.length,
    run: (rows, count) => pool.run(modelDigest, rows, count),
    onRelease: ({ reason, rows }) => {
      metrics.batchWindows.observe({ model: card.id }, rows);
      metrics.batchReleases.inc({ model: card.id, reason });
    },
  });
  return {
    card,
    modelDigest,
    featureDigest,
    provider,
    infer: (rows, count, options) => batcher.submit(rows, count, options),
    async unload() {
      await batcher.drain();
      await pool.unload(modelDigest);
    },
    drain: () => batcher.drain(),
    cancelRetirement: undefined,
  };
}
