/**
 * The ledger of batches: one atomic script per transition, as for jobs. It knows slices, not clips: what each clip became is
 * in the result object whose token a slice carries.
 */
import { AppError } from '../errors.js';
import type { BatchSpec, BatchState } from '../contracts/batch.js';
import type { JobError } from '../contracts/job.js';
import type { PackReference, SliceTask, StageName } from '../contracts/pipeline.js';
import { withRedisDeadline, type Redis } from '../queue/redis-connection.js';
import { uploadPrefixOf } from '../storage/upload-keys.js';
import { batchRedisKeys, tokenLength } from './batch-redis-keys.js';
import { parseBatchRecord, type BatchRecord } from './batch-record.js';
import { batchScripts } from './batch-scripts.js';
import type { Pace } from './pace.js';
import type { SliceCounts } from './slice-counts.js';

export type BatchLedger = ReturnType<typeof createBatchLedger>;

type Script = (...args: (string | number)[]) => Promise<unknown>;
type Scripted = Redis & Record<keyof typeof batchScripts, Script>;

export interface AcceptOptions {
  maxLive: number;
  idempotency?: { key: string; token: string; value: string; ttlSeconds: number };
}

export interface ShardAddition {
  /** The number that follows the shards there are; anything else is `superseded`. */
  shard: number;
  token: string;
  resume: string;
  slices: number;
  total: number;
  msTotal: number;
  /** Slices with work to do. */
  todo: { slice: number; ms: number; jobs: number }[];
  /** Slices whose every clip was decided when the source was read. */
  done: { slice: number; token: string; failed: boolean }[];
  counts: SliceCounts;
}

export type SliceBegin =
  | {
      kind: 'run';
      spec: BatchSpec;
      deaths: number;
      pack: PackReference | undefined;
      failures: number;
      generation: number;
      /** When the batch must have ended; later than in its spec after a retry. */
      deadlineAtMs: number;
      /** Times its process ended while no clip of it was named as being at work. */
      unexplainedDeaths: number;
      /** Clips that ended their process too often. */
      condemned: number[];
      /** Clips that were at work when their process ended, and have not been survived since. */
      suspects: number[];
      /** Token of the result object this slice had before, in an earlier round. */
      previous: string | undefined;
    }
  | { kind: 'quarantine'; deaths: number; generation: number }
  | { kind: 'missing' | 'terminal' | 'superseded' };

/** What the ledger keeps of a slice handed out. */
export interface InFlight {
  slice: number;
  stage: StageName;
  atWork: boolean;
  deaths: number;
  generation: number;
  sinceMs: number;
}

/** Where a batch stands in the list of its tenant. */
export interface BatchPlace {
  id: string;
  createdAtMs: number;
}

/** Deaths with one clip at work, in quarantine, that condemn it: with the first death outside of it, three in all. */
const condemningDeaths = 2;
const maxGeneration = 1;

export function createBatchLedger(redis: Redis, now: () => number = Date.now) {
  for (const [name, lua] of Object.entries(batchScripts)) redis.defineCommand(name, { lua, numberOfKeys: 0 });
  const scripts = redis as Scripted;
  const call = <T>(work: Promise<unknown>) => withRedisDeadline(work as Promise<T>);
  const tokenAt = async (key: string, position: number): Promise<string | undefined> =>
    asToken(await call<string>(redis.getrange(key, position * tokenLength, position * tokenLength + tokenLength - 1)));

  return {
    /**
     * `exists`: it was accepted before, and is as it was.
     * @throws AppError `queue_full`, `idempotency_in_progress` when the key is no longer reserved for the caller
     */
    async accept(spec: BatchSpec, { maxLive, idempotency }: AcceptOptions): Promise<'accepted' | 'exists'> {
      const answer = await call<string>(
        scripts.timbreBatchAccept(
          spec.id,
          spec.tenant,
          JSON.stringify(spec),
          spec.createdAtMs,
          spec.deadlineAtMs,
          spec.audioExpiresAtMs,
          spec.expiresAtMs,
          maxLive,
          idempotency?.key ?? '',
          idempotency?.token ?? '',
          idempotency?.value ?? '',
          idempotency?.ttlSeconds ?? 0,
          uploadOf(spec) ?? '',
        ),
      );
      if (answer === 'lost') throw new AppError('idempotency_in_progress', { retryAfterSeconds: 1 });
      if (answer === 'full') throw new AppError('queue_full', { details: { limit: maxLive }, retryAfterSeconds: 60 });
      return answer === 'exists' ? 'exists' : 'accepted';
    },

    /** `superseded`: another reader of the source is ahead. `ended`: the batch takes no more. */
    addShard: (id: string, { shard, token, resume, ...add }: ShardAddition) =>
      call<'added' | 'superseded' | 'ended'>(
        scripts.timbreBatchAddShard(id, shard, token, now(), resume, JSON.stringify(add)),
      ),

    expanded: (id: string, error?: JobError) =>
      call<'expanded' | 'ended'>(scripts.timbreBatchExpanded(id, now(), error ? JSON.stringify(error) : '')),

    /** Takes up to `most` waiting slices of the batch, in order. */
    async feed(id: string, most: number): Promise<number[]> {
      return (await call<number[]>(scripts.timbreBatchFeed(id, now(), most))).map(Number);
    },

    async begin(task: SliceTask, token: string, quarantine: boolean): Promise<SliceBegin> {
      const { batchId, slice, stage, count, audioMs } = task;
      const answer = await call<(string | number)[]>(
        scripts.timbreBatchBegin(
          batchId,
          slice,
          stage,
          token,
          now(),
          quarantine ? 1 : 0,
          count,
          audioMs,
          condemningDeaths,
        ),
      );
      const [kind, deaths, ...claim] = answer.map(String);
      if (kind === 'quarantine') return { kind, deaths: Number(deaths), generation: Number(claim[0]) };
      const [spec, pack, failures, generation, condemned, previous, deadline, unexplained, suspects] = claim;
      if (kind !== 'run') return { kind: kind as 'missing' | 'terminal' | 'superseded' };
      return {
        kind,
        spec: JSON.parse(spec ?? '') as BatchSpec,
        deaths: Number(deaths),
        pack: pack ? (JSON.parse(pack) as PackReference) : undefined,
        failures: Number(failures),
        generation: Number(generation),
        condemned: toNumbers(JSON.parse(condemned ?? '[]')),
        suspects: toNumbers(JSON.parse(suspects ?? '[]')),
        previous: asToken(previous ?? ''),
        deadlineAtMs: Number(deadline),
        unexplainedDeaths: Number(unexplained),
      };
    },

    /** Says which clip a quarantined attempt works on; `undefined` when it is between clips. */
    mark: (task: SliceTask, token: string, clip: number | undefined) =>
      call<number>(scripts.timbreBatchMark(task.batchId, task.slice, token, clip ?? '')),

    /** Gives an attempt back. */
    release: (task: SliceTask, token: string, countFailure: boolean) =>
      call<number>(scripts.timbreBatchRelease(task.batchId, task.slice, token, now(), countFailure ? 1 : 0)),

    advance: (task: SliceTask, token: string, pack: PackReference, audioMs: number) =>
      call<'advanced' | 'missing' | 'terminal' | 'superseded'>(
        scripts.timbreBatchAdvance(task.batchId, task.slice, token, now(), JSON.stringify(pack), Math.round(audioMs)),
      ),

    async remake(task: SliceTask, token: string): Promise<number | 'exhausted' | 'superseded'> {
      const answer = await call<number>(
        scripts.timbreBatchRemake(task.batchId, task.slice, token, now(), maxGeneration),
      );
      if (answer > 0) return answer;
      return answer === -1 ? 'exhausted' : 'superseded';
    },

    /** Makes the results of a slice true; `counts` are the differences to what it had before. */
    async commit(
      task: SliceTask,
      token: string,
      { result, counts, anyFailed }: { result: string; counts: SliceCounts; anyFailed: boolean },
    ): Promise<boolean> {
      const answer = await call<string>(
        scripts.timbreBatchCommit(
          task.batchId,
          task.slice,
          token,
          now(),
          result,
          JSON.stringify(counts),
          anyFailed ? 1 : 0,
        ),
      );
      return answer === 'committed';
    },

    /** `true` when the slice waits again as if it had not been handed out. */
    takeBack: async (id: string, slice: number): Promise<boolean> =>
      (await call<number>(scripts.timbreBatchTakeBack(id, slice))) === 1,

    /** The state it had, when it had ended before; `canceling` otherwise. */
    cancel: (id: string, becomes: 'canceled' | 'expired') =>
      call<BatchState | 'missing'>(scripts.timbreBatchCancel(id, now(), becomes, '')),

    /** Ends a batch that cannot go on; what is finished decides whether it `failed` or only in part. */
    giveUp: (id: string, error: JobError) =>
      call<BatchState | 'missing'>(scripts.timbreBatchCancel(id, now(), 'broken', JSON.stringify(error))),

    /** Puts back how a batch had ended. `tell`: its webhook may not have been delivered. */
    restore: (
      id: string,
      {
        state,
        startedAtMs,
        finishedAtMs,
        error,
        tell,
      }: Pick<BatchRecord, 'state' | 'startedAtMs' | 'error'> & {
        finishedAtMs: number;
        tell: boolean;
      },
    ) =>
      call<'restored' | 'missing'>(
        scripts.timbreBatchRestore(
          id,
          now(),
          state,
          startedAtMs ?? '',
          finishedAtMs,
          error ? JSON.stringify(error) : '',
          tell ? 1 : 0,
        ),
      ),

    forceEnd: (id: string, cancelingSinceMs: number) =>
      call<number>(scripts.timbreBatchForceEnd(id, now(), cancelingSinceMs)),

    retryFailed: (id: string, deadlineAtMs: number) =>
      call<'retrying' | 'missing' | BatchState>(scripts.timbreBatchRetryFailed(id, now(), deadlineAtMs)),

    pause: (id: string, paused: boolean) =>
      call<'ok' | 'missing' | BatchState>(scripts.timbreBatchPause(id, paused ? 1 : 0)),

    /** Unfinished batches over the clips of this one. */
    async liveOver(rootId: string): Promise<string[]> {
      const ids = await call<string[]>(redis.zrange(batchRedisKeys.live, '0', '-1'));
      const specs = await Promise.all(
        ids.map((id) => call<string | null>(redis.hget(batchRedisKeys.batch(id), 'spec'))),
      );
      const sources = specs.map((text) => (text === null ? undefined : (JSON.parse(text) as BatchSpec).source));
      return ids.filter((_, at) => {
        const source = sources[at];
        return source?.kind === 'batch' && source.batchId === rootId;
      });
    },

    async read(id: string): Promise<BatchRecord | null> {
      return parseBatchRecord(await call<Record<string, string>>(redis.hgetall(batchRedisKeys.batch(id))));
    },

    async readMany(ids: string[]): Promise<(BatchRecord | null)[]> {
      const pipelined = redis.pipeline();
      for (const id of ids) pipelined.hgetall(batchRedisKeys.batch(id));
      const answers = await call<[Error | null, unknown][] | null>(pipelined.exec());
      return (answers ?? []).map(([error, hash]) => {
        if (error) throw new AppError('dependency_unavailable', { detail: 'Redis refused the call', cause: error });
        return parseBatchRecord((hash ?? {}) as Record<string, string>);
      });
    },

    /** Batches of the tenant with the same model and features, newest first, this one aside. */
    async reusable(spec: BatchSpec): Promise<string[]> {
      const ids = await call<string[]>(redis.zrevrange(batchRedisKeys.reusable(spec.tenant, reuseSpace(spec)), 0, -1));
      return ids.filter((id) => id !== spec.id);
    },

    /** Lets later batches take results of this one. */
    offerResults: (spec: BatchSpec) =>
      call<number>(redis.zadd(batchRedisKeys.reusable(spec.tenant, reuseSpace(spec)), spec.createdAtMs, spec.id)),

    pace: (id: string) => call<Pace>(redis.hgetall(batchRedisKeys.pace(id))),

    /** Token of a slice's result object. */
    resultToken: (id: string, slice: number) => tokenAt(batchRedisKeys.tokens(id), slice),

    /** Tokens of `count` slices from `first` on. */
    async resultTokens(id: string, first: number, count: number): Promise<(string | undefined)[]> {
      const range = [first * tokenLength, (first + count) * tokenLength - 1] as const;
      const text = await call<string>(redis.getrange(batchRedisKeys.tokens(id), ...range));
      return Array.from({ length: count }, (_, at) => asToken(text.slice(at * tokenLength, (at + 1) * tokenLength)));
    },

    shardToken: (id: string, shard: number) => tokenAt(batchRedisKeys.shardTokens(id), shard),

    async inFlight(id: string): Promise<InFlight[]> {
      const entries = await call<Record<string, string>>(redis.hgetall(batchRedisKeys.inFlight(id)));
      return Object.entries(entries).map(([slice, text]) => {
        const { s, t, d, g, q } = JSON.parse(text) as { s: StageName; t?: string; d: number; g: number; q: number };
        return { slice: Number(slice), stage: s, atWork: t !== undefined, deaths: d, generation: g, sinceMs: q };
      });
    },

    /** A tenant's batches, newest first, after the one given; of those of one millisecond the greater id comes first. */
    async page(tenant: string, after: BatchPlace | undefined, count: number): Promise<BatchPlace[]> {
      const key = batchRedisKeys.tenantBatches(tenant);
      const from = after?.createdAtMs ?? '+inf';
      // Those of the same millisecond that were listed before come once more.
      const most = count + (after ? await call<number>(redis.zcount(key, from, from)) : 0);
      const flat = await call<string[]>(redis.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', 0, most));
      const places = Array.from({ length: flat.length / 2 }, (_, at) => ({
        id: flat[at * 2] ?? '',
        createdAtMs: Number(flat[at * 2 + 1]),
      }));
      const isBehind = ({ id, createdAtMs }: BatchPlace) =>
        after === undefined || createdAtMs < after.createdAtMs || id < after.id;
      return places.filter(isBehind).slice(0, count);
    },
  };
}

/** The prefix of the upload a batch is made of, if it is. */
export function uploadOf({ source }: Pick<BatchSpec, 'source'>): string | undefined {
  const key = source.kind === 'object' ? source.parts[0]?.key : undefined;
  return key?.startsWith('incoming/') ? (uploadPrefixOf(key) ?? key) : undefined;
}

/** Results are the same where model and features are. */
export const reuseSpace = ({ modelDigest, featureDigest }: Pick<BatchSpec, 'modelDigest' | 'featureDigest'>): string =>
  `${modelDigest.replace('sha256:', '').slice(0, 16)}-${featureDigest.replace('sha256:', '').slice(0, 16)}`;

/** Lua encodes an empty list as an object. */
const toNumbers = (decoded: unknown): number[] => (Array.isArray(decoded) ? decoded.map(Number) : []);
const asToken = (text: string): string | undefined => (/^[a-z0-9]{8}$/.test(text) ? text : undefined);
