/**
 * The ledger: the only source of job status. BullMQ delivers work; what happened is decided here, by one atomic script
 * per transition. Every call has a deadline and fails with `dependency_unavailable` rather than hang.
 */
import type { Redis } from 'ioredis';
import { AppError } from '../errors.js';
import { jobEventSchema, type JobEvent, type JobSpec, type JobView, type TerminalState } from '../contracts/job.js';
import { maxDeaths, queueFor, type PackReference, type StageName } from '../contracts/pipeline.js';
import { ledgerKeys } from './ledger-keys.js';
import { ledgerScripts } from './ledger-scripts.js';
import { parseJobRecord, type JobProgress, type JobRecord } from './job-record.js';
import { withRedisDeadline } from './redis-connection.js';
import { webhookMember } from '../webhooks/webhook-due.js';

export type BeginAnswer =
  | { kind: 'run'; record: JobRecord; pack: PackReference | undefined; failures: number }
  | { kind: 'quarantine' | 'poisoned'; deaths: number }
  | { kind: 'missing' | 'terminal' | 'superseded' };

export interface SubmitOptions {
  maxLive: number;
  idempotency?: { key: string; token: string; value: string; ttlSeconds: number };
}

export type Ledger = ReturnType<typeof createLedger>;

type Script = (...args: (string | number)[]) => Promise<unknown>;
type Scripted = Redis & Record<keyof typeof ledgerScripts, Script>;

/** Remade tensor packs a job may have before it fails. */
const maxGeneration = 1;

export function createLedger(redis: Redis, now: () => number = Date.now) {
  for (const [name, lua] of Object.entries(ledgerScripts)) redis.defineCommand(name, { lua, numberOfKeys: 0 });
  const scripts = redis as Scripted;
  const call = <T>(work: Promise<unknown>) => withRedisDeadline(work as Promise<T>);

  return {
    /** @throws AppError `queue_full`, `idempotency_in_progress` when the key is no longer reserved for the caller */
    async submit(spec: JobSpec, options: SubmitOptions): Promise<void> {
      const { idempotency } = options;
      const answer = await call<string>(
        scripts.timbreSubmit(
          spec.id,
          spec.tenant,
          JSON.stringify(spec),
          spec.createdAtMs,
          spec.deadlineAtMs,
          spec.expiresAtMs,
          Math.round(spec.estimatedSeconds * 1000),
          queueFor('preprocess', spec.lane),
          options.maxLive,
          idempotency?.key ?? '',
          idempotency?.value ?? '',
          idempotency?.ttlSeconds ?? 0,
          'preprocess',
          idempotency?.token ?? '',
          spec.webhookUrl === undefined ? '' : webhookMember(spec),
          spec.fleeting ? 1 : 0,
        ),
      );
      if (answer === 'lost') throw new AppError('idempotency_in_progress', { retryAfterSeconds: 1 });
      if (answer === 'full')
        throw new AppError('queue_full', { details: { limit: options.maxLive }, retryAfterSeconds: 10 });
    },

    /** Claims the job for one attempt of a stage, or says why there is nothing to do. */
    async begin(id: string, stage: StageName, token: string, quarantine: boolean): Promise<BeginAnswer> {
      const answer = await call<(string | number)[]>(
        scripts.timbreBegin(id, stage, token, now(), quarantine ? 1 : 0, maxDeaths),
      );
      const [kind, deaths, spec, pack, progress, failures, retries, generation, startedAt] = answer.map(String);
      if (kind === 'quarantine' || kind === 'poisoned') return { kind, deaths: Number(deaths) };
      if (kind !== 'run') return { kind: kind as 'missing' | 'terminal' | 'superseded' };
      const record = parseJobRecord({
        spec: spec ?? '',
        state: stage === 'preprocess' ? 'preprocessing' : 'inferring',
        stage,
        progress: progress ?? '',
        deaths: deaths ?? '0',
        retries: retries ?? '0',
        generation: generation ?? '0',
        startedAt: startedAt ?? '',
      });
      if (!record) return { kind: 'missing' };
      return {
        kind,
        record,
        pack: pack ? (JSON.parse(pack) as PackReference) : undefined,
        failures: Number(failures),
      };
    },

    /** Gives an attempt back. Returns the failures counted against the clip in this stage so far. */
    release: (id: string, token: string, countFailure: boolean) =>
      call<number>(scripts.timbreRelease(id, token, countFailure ? 1 : 0)),

    /** Hands the job from preprocessing to inference, with its tensor pack and what was learned. */
    advance: (spec: JobSpec, token: string, step: { pack: PackReference; progress: JobProgress; seconds: number }) =>
      call<'advanced' | 'terminal' | 'superseded' | 'missing'>(
        scripts.timbreAdvance(
          spec.id,
          token,
          'preprocess',
          'infer',
          now(),
          JSON.stringify(step.pack),
          JSON.stringify(step.progress),
          queueFor('infer', spec.lane),
          Math.round(step.seconds * 1000),
        ),
      ),

    /** Sends the job back for a new tensor pack; the new generation, or why not. */
    async remake(spec: JobSpec, token: string): Promise<number | 'exhausted' | 'superseded'> {
      const queue = queueFor('preprocess', spec.lane);
      const answer = await call<number>(scripts.timbreRemake(spec.id, token, now(), maxGeneration, queue));
      if (answer > 0) return answer;
      return answer === -1 ? 'exhausted' : 'superseded';
    },

    /**
     * Makes a terminal state true, if the job has none; the view is what clients get, on the channel and later. An attempt
     * gives its token, and decides only while the job is still its own.
     */
    async commit(state: TerminalState, view: JobView, forgetAtMs: number, token = ''): Promise<boolean> {
      const answer = await call<string>(
        scripts.timbreCommit(view.id, state, JSON.stringify(view), now(), forgetAtMs, token),
      );
      return answer === 'committed';
    },

    /** Forgets a fleeting job, whatever state it is in; attempts at work on it find nothing to decide. */
    drop: ({ id, tenant }: Pick<JobSpec, 'id' | 'tenant'>) => call<number>(scripts.timbreDrop(id, tenant)),

    /** `''`: reserved for the caller; `pending:…`: another request has it; else the stored value. */
    reserveIdempotency: (key: string, token: string, seconds: number) =>
      call<string>(scripts.timbreReserve(key, token, seconds)),

    /** Keeps the caller's reservation for `seconds` more; 0 gives it back. */
    renewIdempotency: (key: string, token: string, seconds: number) =>
      call<number>(scripts.timbreRenew(key, token, seconds)),

    async read(id: string): Promise<JobRecord | null> {
      return parseJobRecord(await call<Record<string, string>>(redis.hgetall(ledgerKeys.job(id))));
    },

    /** Events after `seq`, oldest first. */
    async eventsAfter(id: string, seq: number): Promise<JobEvent[]> {
      const entries = await call<string[]>(redis.lrange(ledgerKeys.log(id), seq, -1));
      return entries.map((entry) => jobEventSchema.parse(JSON.parse(entry)));
    },

    /** A tenant's jobs after `position` in the order newest first (same millisecond: by id, descending). */
    async page(
      tenant: string,
      position: { id: string; createdAtMs: number } | undefined,
      count: number,
    ): Promise<{ id: string; createdAtMs: number }[]> {
      const rows: { id: string; createdAtMs: number }[] = [];
      const from = position?.createdAtMs ?? '+inf';
      for (let offset = 0; rows.length < count; offset += count) {
        const flat = await call<string[]>(
          redis.zrevrangebyscore(ledgerKeys.tenantJobs(tenant), from, '-inf', 'WITHSCORES', 'LIMIT', offset, count),
        );
        for (let index = 0; index + 1 < flat.length; index += 2) {
          const row = { id: flat[index] ?? '', createdAtMs: Number(flat[index + 1]) };
          const passed = position && row.createdAtMs === position.createdAtMs && row.id >= position.id;
          if (!passed) rows.push(row);
        }
        if (flat.length < count * 2) break;
      }
      return rows;
    },

    async readMany(ids: string[]): Promise<(JobRecord | null)[]> {
      const pipelined = redis.pipeline();
      for (const id of ids) pipelined.hgetall(ledgerKeys.job(id));
      const answers = await call<[Error | null, unknown][] | null>(pipelined.exec());
      return (answers ?? []).map(([error, hash]) => {
        // An error is not an absence: whoever reads "no such job" drops its task.
        if (error) throw new AppError('dependency_unavailable', { detail: 'Redis refused the call', cause: error });
        return parseJobRecord((hash ?? {}) as Record<string, string>);
      });
    },

    /** Unfinished jobs in all. */
    live: () => call<number>(redis.zcard(ledgerKeys.live)),

    /** Seconds of audio and jobs per queue name. */
    async backlog(): Promise<Map<string, { audioSeconds: number; jobs: number }>> {
      const [ms, jobs] = await call<[Record<string, string>, Record<string, string>]>(
        Promise.all([redis.hgetall(ledgerKeys.backlogMs), redis.hgetall(ledgerKeys.backlogJobs)]),
      );
      return new Map(
        Object.keys(ms).map((queue) => [
          queue,
          { audioSeconds: Math.max(0, Number(ms[queue]) / 1000), jobs: Math.max(0, Number(jobs[queue] ?? 0)) },
        ]),
      );
    },
  };
}
