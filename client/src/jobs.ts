/** `/v1/jobs` and `/v1/classify`: one clip at a time. */
import type { JobEvent, JobState, JobView, Lane } from '@timbre/shared/contracts/job';
import { followEvents } from './follow-events.js';
import { newIdempotencyKey, timeoutFor, type CallOptions, type Transport } from './transport.js';

export interface ClipFields {
  model?: string | undefined;
  lane?: Lane | undefined;
  retentionSeconds?: number | undefined;
  deadlineSeconds?: number | undefined;
  webhookUrl?: string | undefined;
}

export interface ClipUpload extends ClipFields {
  name: string;
  /** File-backed blobs (`fs.openAsBlob`) are streamed. */
  content: Blob;
}

export interface JobSource extends ClipFields {
  source: { uri: string } | { uploadId: string };
  name?: string | undefined;
}

export interface JobFilter {
  state?: JobState | undefined;
  model?: string | undefined;
  lane?: Lane | undefined;
  createdAfter?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface JobPage {
  jobs: JobView[];
  nextCursor: string | null;
}

/** What it takes to send clips one by one. */
export interface ClipJobs {
  submit(clip: ClipUpload, options?: CallOptions): Promise<JobView>;
  wait(id: string, options?: CallOptions): Promise<JobView>;
}

export interface JobCalls extends ClipJobs {
  /** Accepted exactly once, however often the connection breaks: all tries carry one idempotency key. */
  submit(clip: ClipUpload | JobSource, options?: CallOptions & { idempotencyKey?: string }): Promise<JobView>;
  /** @param options.waitSeconds 0..60: the service answers when the job has ended, or after this long */
  get(id: string, options?: CallOptions & { waitSeconds?: number }): Promise<JobView>;
  /** The finished job. */
  wait(id: string, options?: CallOptions): Promise<JobView>;
  list(filter?: JobFilter, options?: CallOptions): Promise<JobPage>;
  cancel(id: string, options?: CallOptions): Promise<JobView>;
  /** A new job over the clip of one that failed. */
  retry(id: string, options?: CallOptions): Promise<JobView>;
  /** Each change once, the end included; goes on after broken connections. */
  events(id: string, options?: CallOptions): AsyncGenerator<JobEvent, void>;
}

export const WAIT_SECONDS = 30;
const ANSWER_TIMEOUT_MS = 15_000;
const jobShape = { name: 'a job', fields: ['id', 'state'] };

const jobEnded: Record<JobState, boolean> = {
  queued: false,
  preprocessing: false,
  inferring: false,
  succeeded: true,
  failed: true,
  canceled: true,
  expired: true,
};
export const isJobEnded = (state: JobState): boolean => jobEnded[state];

export function createJobCalls(transport: Transport): JobCalls {
  const pathOf = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`;
  const get: JobCalls['get'] = (id, { waitSeconds = 0, signal } = {}) =>
    transport.json(
      {
        method: 'GET',
        path: pathOf(id),
        query: { waitSeconds },
        timeoutMs: waitSeconds * 1000 + ANSWER_TIMEOUT_MS,
        signal,
      },
      jobShape,
    );
  return {
    get,
    submit: (clip, { signal, idempotencyKey = newIdempotencyKey() } = {}) =>
      transport.json(
        {
          method: 'POST',
          path: '/v1/jobs',
          ...('source' in clip ? { json: clip } : { body: clipForm(clip), timeoutMs: timeoutFor(clip.content) }),
          headers: { 'idempotency-key': idempotencyKey },
          signal,
        },
        jobShape,
      ),
    async wait(id, { signal } = {}) {
      for (;;) {
        const job = await get(id, { waitSeconds: WAIT_SECONDS, signal });
        if (isJobEnded(job.state)) return job;
      }
    },
    list: (filter = {}, { signal } = {}) =>
      transport.json(
        { method: 'GET', path: '/v1/jobs', query: { ...filter }, signal },
        { name: 'a list of jobs', fields: ['jobs'] },
      ),
    cancel: (id, { signal } = {}) => transport.json({ method: 'DELETE', path: pathOf(id), signal }, jobShape),
    retry: (id, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${pathOf(id)}/retry`, attempts: 1, signal }, jobShape),
    async *events(id, { signal } = {}) {
      const messages = followEvents(transport, {
        path: `${pathOf(id)}/events`,
        signal,
        poll: async () => {
          const job = await get(id, { waitSeconds: WAIT_SECONDS, signal });
          return { data: asEvent(job), ended: isJobEnded(job.state) };
        },
      });
      for await (const { data } of messages) yield data as JobEvent;
    },
  };
}

const asEvent = (job: JobView): JobEvent => ({
  seq: 1,
  atMs: Date.parse(job.finishedAt ?? job.createdAt),
  state: job.state,
  ...(isJobEnded(job.state) ? { job } : {}),
});

export type Classify = (clip: ClipUpload, options?: CallOptions) => Promise<JobView>;

/** One short clip; the finished job, however long it takes. */
export function createClassify(transport: Transport, jobs: JobCalls): Classify {
  return async ({ name, content, model }, { signal } = {}) => {
    const job = await transport.json<JobView>(
      {
        method: 'POST',
        path: '/v1/classify',
        body: clipForm({ name, content, model }),
        headers: { 'idempotency-key': newIdempotencyKey() },
        timeoutMs: timeoutFor(content) + 2 * WAIT_SECONDS * 1000,
        signal,
      },
      jobShape,
    );
    return isJobEnded(job.state) ? job : jobs.wait(job.id, { signal });
  };
}

/** Fields first: a streaming server knows them before the file arrives. */
function clipForm({ name, content, ...fields }: ClipUpload): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) if (value !== undefined) form.set(field, String(value));
  form.set('file', content, name);
  return form;
}
