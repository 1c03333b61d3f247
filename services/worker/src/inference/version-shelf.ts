/**
 * Which versions of which models this process has: one *current* per model, older ones *retiring* beside it, and why the
 * newest of a model is missing. Keeps the load metrics true. Knows nothing of files or of loading.
 */
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { BatchClock } from '../batching/clock.js';
import type { Version } from './serving-model.js';

export interface Refusal {
  modelDigest: string;
  reason: string;
  /** Wrong in itself, so trying again is useless until the files change. */
  lasting: boolean;
}

export interface VersionShelf {
  /** Models with a current version. */
  readonly ids: string[];
  /** Current and retiring versions. */
  readonly versions: Version[];
  find(modelDigest: string): Version | undefined;
  current(id: string): Version | undefined;
  refusal(id: string): Refusal | undefined;
  problems(): { id: string; reason: string }[];
  /** Makes a version the current one of its model; the one before retires. */
  promote(version: Version): void;
  /** The model is no longer offered; its version retires. */
  withdraw(id: string): void;
  refuse(id: string, refusal: Refusal): void;
  /** Resolves when a version with this digest, if one is being unloaded, is gone. */
  unloaded(modelDigest: string): Promise<void>;
}

export interface ShelfOptions {
  metrics: Metrics;
  log: Logger;
  clock: BatchClock;
  retireAfterMs: number;
}

const noProvider = 'none';

export function createVersionShelf({ metrics, log, clock, retireAfterMs }: ShelfOptions): VersionShelf {
  const versions = new Map<string, Version>();
  const current = new Map<string, Version>();
  const refusals = new Map<string, Refusal>();
  const unloading = new Map<string, Promise<void>>();

  const showMetric = (id: string, before?: Version): void => {
    const version = current.get(id);
    if (before) metrics.modelLoaded.remove({ model: id, provider: before.provider });
    metrics.modelLoaded.remove({ model: id, provider: noProvider });
    if (version) metrics.modelLoaded.set({ model: id, provider: version.provider }, 1);
    else if (refusals.has(id)) metrics.modelLoaded.set({ model: id, provider: noProvider }, 0);
  };

  const unload = async (version: Version): Promise<void> => {
    const { card, modelDigest } = version;
    try {
      await version.unload();
      log.info({ model: card.id, version: card.version }, 'old model version unloaded');
    } catch (error) {
      log.error({ err: error, model: card.id }, 'model could not be unloaded');
    } finally {
      unloading.delete(modelDigest);
    }
  };

  const retire = (version: Version): void => {
    version.cancelRetirement = clock.after(retireAfterMs, () => {
      versions.delete(version.modelDigest);
      unloading.set(version.modelDigest, unload(version));
    });
  };

  return {
    get ids() {
      return [...current.keys()];
    },
    get versions() {
      return [...versions.values()];
    },
    find: (modelDigest) => versions.get(modelDigest),
    current: (id) => current.get(id),
    refusal: (id) => refusals.get(id),
    problems: () => [...refusals].map(([id, { reason }]) => ({ id, reason })),
    promote(version) {
      const { id } = version.card;
      const before = current.get(id);
      version.cancelRetirement?.();
      version.cancelRetirement = undefined;
      versions.set(version.modelDigest, version);
      current.set(id, version);
      refusals.delete(id);
      if (before) retire(before);
      showMetric(id, before);
      log.info({ model: id, version: version.card.version, provider: version.provider }, 'model serves');
    },
    withdraw(id) {
      const before = current.get(id);
      current.delete(id);
      refusals.delete(id);
      if (before) retire(before);
      showMetric(id, before);
      log.info({ model: id }, 'model withdrawn');
    },
    refuse(id, refusal) {
      const known = refusals.get(id);
      refusals.set(id, refusal);
      metrics.modelLoadFailures.inc({ model: id });
      showMetric(id);
      if (known?.reason !== refusal.reason)
        log.error(
          { model: id, reason: refusal.reason, stillServing: current.get(id)?.card.version },
          'model not loaded',
        );
    },
    unloaded: (modelDigest) => unloading.get(modelDigest) ?? Promise.resolve(),
  };
}
