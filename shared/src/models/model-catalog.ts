/**
 * The models on offer, as their folders say: cards validated, ONNX files matched with their checksums, digests computed.
 *
 * A folder is in one of three states: *good* (its card is listed), *refused* (a reason is kept; an older good version, if
 * this process saw one, stays listed) or *gone* (no longer listed). Whether a graph fits its card is found out by the
 * worker that loads it; nothing here knows ONNX.
 */
import { AppError } from '../errors.js';
import { modelCardSchema, type ModelCard } from '../contracts/model-card.js';
import { digestOf, sha256Hex } from '../digest.js';
import type { Logger } from '../observability/logger.js';
import type { ObjectStore } from '../storage/object-store.js';
import { describeProblem, isLastingProblem } from './card-problem.js';
import type { ModelFolder, ModelSource } from './model-source.js';
import { openModelSource } from './open-model-source.js';

export interface LoadedCard {
  card: ModelCard;
  /** Everything that can change a result: the card without `title`, `metrics` and `provenance`. */
  modelDigest: string;
  featureDigest: string;
  location: string;
}

export type Change =
  { kind: 'added' | 'changed'; id: string; loaded: LoadedCard }
  | { kind: 'removed'; id: string }
  | { kind: 'refused'; id: string; reason: string };

export interface ModelProblem {
  /** Folder name, or `*` when the models could not be listed at all. */
  id: string;
  reason: string;
}

export interface ModelCatalog {
  /** Good models by id. */
  list(): LoadedCard[];
  get(id: string): LoadedCard | undefined;
  /**
   * Looks at the files again and reads those that changed. Never throws: a place that cannot be listed leaves everything
   * as it was and becomes a problem. Calls that overlap share one look.
   */
  refresh(): Promise<Change[]>;
  /** The ONNX file of a listed model. @throws AppError `model_not_found`, `model_invalid` (checksum), storage errors */
  readOnnx(id: string): Promise<Uint8Array>;
  problems(): ModelProblem[];
  /** Refreshes every `intervalMs`, counted from the end of the last look, and reports what changed. */
  watch(intervalMs: number, onChange: (changes: Change[]) => void): { stop(): void };
}

export interface CatalogOptions {
  /** A folder, or `store:<prefix>`. */
  url: string;
  store?: ObjectStore | undefined;
  log: Logger;
}

interface Entry {
  revision: string;
  good: LoadedCard | undefined;
  problem: string | undefined;
}

/** Fields of a card that say something about the model and cannot change what it answers. */
const descriptive: ReadonlySet<string> = new Set<keyof ModelCard>(['title', 'metrics', 'provenance']);

/** Identity of a model: equal digests give equal results. */
export function modelDigestOf(card: ModelCard): string {
  return digestOf(Object.fromEntries(Object.entries(card).filter(([field]) => !descriptive.has(field))));
}

/** Empty until the first `refresh`. */
export function createModelCatalog({ url, store, log }: CatalogOptions): ModelCatalog {
  const source = openModelSource(url, store);
  const entries = new Map<string, Entry>();
  let listProblem: string | undefined;
  let looking: Promise<Change[]> | undefined;

  const look = async (): Promise<Change[]> => {
    let folders: ModelFolder[];
    try {
      folders = await source.list();
      listProblem = undefined;
    } catch (error) {
      const reason = `the models at "${url}" cannot be listed: ${describeProblem(error)}`;
      if (reason !== listProblem) log.warn({ reason }, 'models');
      listProblem = reason;
      return [];
    }
    const changes: Change[] = [];
    for (const id of [...entries.keys()].filter((known) => !folders.some((folder) => folder.id === known))) {
      entries.delete(id);
      changes.push({ kind: 'removed', id });
    }
    for (const folder of folders) {
      const change = await update(entries, source, folder);
      if (change) changes.push(change);
    }
    for (const change of changes) announce(log, change);
    return changes;
  };

  const refresh = (): Promise<Change[]> => (looking ??= look().finally(() => (looking = undefined)));
  const good = () => [...entries.values()].flatMap((entry) => entry.good ?? []);

  return {
    list: () => good().sort((a, b) => (a.card.id < b.card.id ? -1 : 1)),
    get: (id) => entries.get(id)?.good,
    refresh,
    async readOnnx(id) {
      const loaded = entries.get(id)?.good;
      if (!loaded) throw new AppError('model_not_found', { details: { model: id } });
      const bytes = await source.readOnnx(id);
      if (sha256Hex(bytes) !== loaded.card.onnxSha256) throw wrongChecksum(id);
      return bytes;
    },
    problems: () => [
      ...(listProblem === undefined ? [] : [{ id: '*', reason: listProblem }]),
      ...[...entries].flatMap(([id, { problem }]) => (problem === undefined ? [] : [{ id, reason: problem }])),
    ],
    watch: (intervalMs, onChange) => watchCatalog(refresh, intervalMs, onChange),
  };
}

async function update(entries: Map<string, Entry>, source: ModelSource, folder: ModelFolder): Promise<Change | null> {
  const { id, revision } = folder;
  const before = entries.get(id);
  if (before?.revision === revision) return null;
  try {
    const loaded = await load(source, folder);
    entries.set(id, { revision, good: loaded, problem: undefined });
    if (!before?.good) return { kind: 'added', id, loaded };
    return digestOf(before.good.card) === digestOf(loaded.card) ? null : { kind: 'changed', id, loaded };
  } catch (error) {
    const reason = describeProblem(error);
    entries.set(id, { revision: isLastingProblem(error) ? revision : '', good: before?.good, problem: reason });
    return before?.problem === reason ? null : { kind: 'refused', id, reason };
  }
}

async function load(source: ModelSource, { id, hasCard, hasOnnx }: ModelFolder): Promise<LoadedCard> {
  if (!hasCard) throw invalid('model.json is missing');
  if (!hasOnnx) throw invalid('model.onnx is missing');
  const card = modelCardSchema.parse(JSON.parse((await source.readCard(id)).toString('utf8')));
  if (card.id !== id) throw invalid(`the card says id "${card.id}", the folder is named "${id}"`);
  if ((await source.hashOnnx(id)) !== card.onnxSha256) throw wrongChecksum(id);
  return { card, modelDigest: modelDigestOf(card), featureDigest: digestOf(card.features), location: source.location(id) };
}

const invalid = (detail: string) => new AppError('model_invalid', { detail });
const wrongChecksum = (id: string) =>
  new AppError('model_invalid', { detail: 'model.onnx does not match onnxSha256 of its card', details: { model: id } });

function announce(log: Logger, change: Change): void {
  const { kind, id } = change;
  if (kind === 'refused') log.warn({ model: id, reason: change.reason }, 'model refused');
  else if (kind === 'removed') log.info({ model: id }, 'model removed');
  else log.info({ model: id, version: change.loaded.card.version, modelDigest: change.loaded.modelDigest }, `model ${kind}`);
}

function watchCatalog(refresh: ModelCatalog['refresh'], intervalMs: number, onChange: (changes: Change[]) => void) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    if (!stopped) timer = setTimeout(() => void look(), intervalMs).unref();
  };
  const look = async () => {
    const changes = await refresh();
    if (stopped) return;
    arm();
    if (changes.length > 0) onChange(changes);
  };
  arm();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
