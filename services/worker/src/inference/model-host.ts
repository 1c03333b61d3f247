/**
 * The models this process serves: what the catalog offers, loaded, warmed up and kept up to date.
 *
 * A version counts only once its warm-up run passed; until then, and when it never does, the version before it stays. A
 * version that is replaced or removed serves its jobs in flight for `retireAfterMs` more. A version refused for what it is
 * (`model_invalid`) is tried again when its files change, one that failed for another reason at the next look.
 */
import type { Lane } from '@timbre/shared/contracts/job';
import { isAppError } from '@timbre/shared/errors';
import type { LoadedCard, ModelCatalog } from '@timbre/shared/models/model-catalog';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { BatchClock } from '../batching/clock.js';
import { createRowBudget } from '../batching/row-budget.js';
import { createSlots } from '../batching/slots.js';
import type { InferencePool } from './inference-pool.js';
import { createVersion, type BatchRules, type ServingModel, type Version, type VersionDeps } from './serving-model.js';
import { createVersionShelf } from './version-shelf.js';

export interface ModelHost {
  /** Loads what is there, then looks for changes until `close`. */
  start(): Promise<void>;
  /** Resolves as soon as one model serves. */
  whenReady(): Promise<void>;
  /** Why this process cannot take work; `undefined` when a model serves. */
  notReady(): string | undefined;
  /**
   * This version of a model, also when it is not the newest. Not finding one makes the host look for new models, at most
   * once a second.
   */
  get(modelId: string, modelDigest: string): ServingModel | undefined;
  /** The current version of a model, if it takes the same features: for jobs whose own version no longer exists. */
  standIn(modelId: string, featureDigest: string): ServingModel | undefined;
  /** A share of the rows this process may hold, to be taken before a tensor pack is read. */
  reserve(rows: number, lane: Lane, signal: AbortSignal): Promise<() => void>;
  /** Why each model that should serve in its newest version does not. */
  problems(): { id: string; reason: string }[];
  /** Looks for new models now. Calls that overlap share one look. */
  refresh(): Promise<void>;
  /** Stops looking, finishes what is in flight, takes nothing new. The pool stays for its owner to close. */
  close(): Promise<void>;
}

export interface ModelHostOptions {
  catalog: ModelCatalog;
  pool: InferencePool;
  metrics: Metrics;
  log: Logger;
  clock: BatchClock;
  batching: Omit<BatchRules, 'slots' | 'clock'>;
  /** Threads that bulk never takes; fewer than the pool has. */
  reservedInteractiveSlots: number;
  pollMs: number;
  /** How long a replaced version still serves. Default 10 minutes. */
  retireAfterMs?: number;
}

const tenMinutesMs = 600_000;
const shortestLookMs = 1000;

export function createModelHost(options: ModelHostOptions): ModelHost {
  const { catalog, pool, metrics, log, clock, retireAfterMs = tenMinutesMs } = options;
  const slots = createSlots({ total: pool.threads, reservedInteractive: options.reservedInteractiveSlots });
  const budget = createRowBudget(options.batching.maxQueuedRows);
  const shelf = createVersionShelf({ metrics, log, clock, retireAfterMs });
  const deps: VersionDeps = { pool, metrics, batching: { ...options.batching, slots, clock } };
  let looking: Promise<void> | undefined;
  let lookedAt = -Infinity;
  let cancelPoll: (() => void) | undefined;
  let state: 'new' | 'started' | 'closed' = 'new';
  let whenServing: (() => void)[] = [];

  const offer = async (loaded: LoadedCard): Promise<void> => {
    const { card, modelDigest } = loaded;
    const refusal = shelf.refusal(card.id);
    if (shelf.current(card.id)?.modelDigest === modelDigest) return;
    if (refusal?.lasting && refusal.modelDigest === modelDigest) return;
    try {
      shelf.promote(shelf.find(modelDigest) ?? (await loadVersion(loaded)));
    } catch (error) {
      const lasting = isAppError(error) && error.code === 'model_invalid';
      shelf.refuse(card.id, { modelDigest, lasting, reason: error instanceof Error ? error.message : String(error) });
    }
  };

  const loadVersion = async (loaded: LoadedCard): Promise<Version> => {
    const { card, modelDigest } = loaded;
    await shelf.unloaded(modelDigest);
    const { provider } = await pool.load(modelDigest, await catalog.readOnnx(card.id), card);
    return createVersion(loaded, provider, deps);
  };

  const look = async (): Promise<void> => {
    lookedAt = clock.now();
    for (const change of await catalog.refresh())
      if (change.kind === 'refused') metrics.modelLoadFailures.inc({ model: change.id });
    for (const id of shelf.ids) if (!catalog.get(id)) shelf.withdraw(id);
    for (const loaded of catalog.list()) if (state !== 'closed') await offer(loaded);
    if (shelf.ids.length === 0) return;
    const resume = whenServing;
    whenServing = [];
    for (const go of resume) go();
  };

  const refresh = (): Promise<void> => (looking ??= look().finally(() => (looking = undefined)));

  const lookQuietly = (): Promise<void> =>
    refresh().catch((error: unknown) => log.error({ err: error }, 'looking for models failed'));

  const poll = (): void => {
    if (state === 'closed') return;
    cancelPoll = clock.after(options.pollMs, () => void lookQuietly().then(poll));
  };

  const problems = () => [...catalog.problems(), ...shelf.problems()];

  return {
    async start() {
      await refresh();
      state = 'started';
      poll();
    },
    whenReady: () => (shelf.ids.length > 0 ? Promise.resolve() : new Promise((resolve) => whenServing.push(resolve))),
    notReady() {
      if (state === 'closed') return 'closed';
      if (shelf.ids.length > 0) return undefined;
      if (state === 'new') return 'loading models';
      return ['no model serves', ...problems().map(({ id, reason }) => `${id}: ${reason}`)].join('; ');
    },
    get(modelId, modelDigest) {
      const version = shelf.find(modelDigest);
      if (version?.card.id === modelId) return version;
      if (state !== 'closed' && clock.now() - lookedAt >= shortestLookMs) void lookQuietly();
      return undefined;
    },
    standIn(modelId, featureDigest) {
      const version = shelf.current(modelId);
      return version?.featureDigest === featureDigest ? version : undefined;
    },
    reserve: (rows, lane, signal) => budget.take(rows, lane, signal),
    problems,
    refresh,
    async close() {
      state = 'closed';
      cancelPoll?.();
      await looking;
      for (const version of shelf.versions) version.cancelRetirement?.();
      await Promise.all(shelf.versions.map((version) => version.drain()));
    },
  };
}
