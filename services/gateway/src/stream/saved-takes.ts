/**
 * Takes on their way to becoming jobs, wherever their session ended. Each is noted in Redis with a sign of life, so that when
 * a gateway dies another one makes a job of what had reached the store.
 */
import { z } from 'zod';
import { toAppError, type AppError } from '@timbre/shared/errors';
import { tenantSchema, uploadIdSchema } from '@timbre/shared/contracts/job';
import { modelIdSchema } from '@timbre/shared/contracts/model-card';
import { streamFormatSchema } from '@timbre/shared/contracts/stream';
import type { Logger } from '@timbre/shared/observability/logger';
import { withRedisDeadline, type Redis } from '@timbre/shared/queue/redis-connection';
import { audioKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { uploadPrefix } from '@timbre/shared/storage/upload-keys';
import { newUploadId, type SubmitJob } from '../jobs/submit-job.js';
import { assembleTake, openTake } from './take.js';

const noteSchema = z.strictObject({
  tenant: tenantSchema,
  id: uploadIdSchema,
  format: streamFormatSchema,
  sampleRateHz: z.number(),
  model: modelIdSchema,
  name: z.string(),
  traceparent: z.string(),
  aliveAtMs: z.number(),
});
type Note = z.infer<typeof noteSchema>;

export type TakeRequest = Omit<Note, 'id' | 'aliveAtMs'>;

export interface SavedTake {
  write(bytes: Buffer): Promise<void> | undefined;
  /** Makes it a job; `undefined` when there was no sound. @throws AppError when that must be tried again later */
  save(): Promise<string | undefined>;
}

export interface SavedTakesDeps {
  redis: Redis;
  store: ObjectStore;
  submit: SubmitJob;
  log: Logger;
  now?: () => number;
}

export type SavedTakes = ReturnType<typeof createSavedTakes>;

const notesKey = 'timbre:takes';
const beatMs = 5000;
/** A take without a sign of life for longer has lost its gateway. */
const orphanMs = 30_000;
const tries = 3;

export function createSavedTakes(deps: SavedTakesDeps) {
  const { redis, store, submit, log } = deps;
  const now = deps.now ?? Date.now;

  const note = (entry: Note) =>
    withRedisDeadline(redis.hset(notesKey, entry.id, JSON.stringify({ ...entry, aliveAtMs: now() })));
  const forget = ({ id }: Note) => withRedisDeadline(redis.hdel(notesKey, id));

  /** Its parts become the audio of a job, and are deleted. */
  const toJob = async (entry: Note): Promise<string | undefined> => {
    // The same job however often this is repeated.
    const id = `j${entry.id.slice(1)}`;
    const owner = { tenant: entry.tenant, id: entry.id };
    const stored = await assembleTake(store, owner, audioKey({ tenant: entry.tenant, id }), entry);
    if (stored) {
      const { key, bytes, sha256 } = stored;
      await submit({
        id,
        principal: { keyId: 'stream', tenant: entry.tenant, scopes: [] },
        fields: { model: entry.model, lane: 'interactive', name: entry.name },
        source: { key, bytes, sha256 },
        name: entry.name,
        traceparent: entry.traceparent,
        uploadSeconds: 0,
        via: 'stream',
      });
    }
    await forget(entry).catch(() => undefined);
    await store.deletePrefix(uploadPrefix(owner));
    return stored && id;
  };

  const patiently = async (entry: Note): Promise<string | undefined> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await toJob(entry);
      } catch (thrown) {
        const error = toAppError(thrown);
        log.warn({ err: error, take: entry.id, attempt }, 'a take could not be made a job');
        if (attempt >= tries || !error.retryable) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  };

  return {
    /** @throws AppError `dependency_unavailable` */
    async open(request: TakeRequest, onFailure: (error: AppError) => void): Promise<SavedTake> {
      const entry: Note = { ...request, id: newUploadId(), aliveAtMs: now() };
      await note(entry);
      const take = openTake(store, { tenant: entry.tenant, id: entry.id }, onFailure);
      const beat = setInterval(() => void note(entry).catch(() => undefined), beatMs);
      return {
        write: (bytes) => take.write(bytes),
        async save() {
          try {
            // What the store took before it failed is worth keeping.
            await take.close().catch(() => undefined);
            return await patiently(entry);
          } finally {
            clearInterval(beat);
          }
        },
      };
    },

    /** Makes jobs of takes whose gateway died; how many. */
    rescue,

    /** Looks for orphans for as long as the process lives. */
    keepRescuing(): { stop: () => void } {
      const look = () =>
        void rescue().catch((error: unknown) => log.warn({ err: error }, 'takes were not looked after'));
      const timer = setInterval(look, beatMs);
      return { stop: () => clearInterval(timer) };
    },
  };

  async function rescue(): Promise<number> {
    let saved = 0;
    const notes = await withRedisDeadline(redis.hgetall(notesKey));
    for (const [id, text] of Object.entries(notes)) {
      const parsed = noteSchema.safeParse(JSON.parse(text));
      if (!parsed.success) await withRedisDeadline(redis.hdel(notesKey, id));
      else if (now() - parsed.data.aliveAtMs > orphanMs && (await claim(parsed.data, text))) {
        const made = await toJob(parsed.data).catch((error: unknown) => {
          log.warn({ err: error, take: id }, 'a take without its gateway waits for the next sweep');
          return undefined;
        });
        if (made !== undefined) saved += 1;
      }
    }
    return saved;
  }

  /** One of several gateways gets it: the one whose sign of life is the first to replace the old one. */
  async function claim(entry: Note, before: string): Promise<boolean> {
    const script = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;
    const after = JSON.stringify({ ...entry, aliveAtMs: now() });
    const answer = await withRedisDeadline(redis.eval(script, 1, notesKey, entry.id, before, after));
    return answer === 1;
  }
}
