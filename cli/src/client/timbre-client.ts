/**
 * The service's HTTP interface as typed calls. Leaves out on purpose: rendering, files, concurrency.
 * Answers are checked for what this client relies on and otherwise passed on, so a newer service with more fields works.
 */
import { randomUUID } from 'node:crypto';
import { isTerminal, jobStateSchema, type JobView, type Lane } from '@timbre/shared/contracts/job';
import { z } from 'zod';
import { parseRetryAfter, TimbreApiError } from './api-error.js';
import { withRetries, type RetryOptions } from './retry.js';

export interface TimbreClientOptions {
  /** `http://host:port`, without a path. */
  baseUrl: string;
  apiKey?: string | undefined;
  fetch?: typeof fetch;
  retry?: Partial<Pick<RetryOptions, 'attempts' | 'sleep' | 'random'>>;
}

export interface ClipUpload {
  name: string;
  /** File-backed blobs (`fs.openAsBlob`) are streamed. */
  content: Blob;
  model?: string | undefined;
  lane?: Lane | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Every call throws `TimbreApiError` for an answer that is no success, after retries. */
export interface TimbreClient {
  /** Accepted exactly once, however often the connection breaks: all tries carry one idempotency key. */
  submitClip(clip: ClipUpload, options?: CallOptions): Promise<JobView>;
  /** @param options.waitSeconds 0..60: the service answers when the job has ended, or after this long */
  getJob(id: string, options?: CallOptions & { waitSeconds?: number }): Promise<JobView>;
  /** The finished job. */
  waitForJob(id: string, options?: CallOptions): Promise<JobView>;
}

const WAIT_SECONDS = 30;
const ANSWER_TIMEOUT_MS = 15_000;
/** Slowest upload this waits for, besides the time for the answer. */
const MIN_UPLOAD_BYTES_PER_SECOND = 16 * 1024;
const ATTEMPTS = 12;
const answeredJobSchema = z.looseObject({ id: z.string().min(1), state: jobStateSchema });

interface Call extends CallOptions {
  method: 'GET' | 'POST';
  path: string;
  body?: FormData;
  headers?: Record<string, string>;
  timeoutMs: number;
}

export function createTimbreClient(options: TimbreClientOptions): TimbreClient {
  const { baseUrl, apiKey, fetch: request = fetch, retry } = options;

  const attempt = async ({ method, path, body, headers, timeoutMs, signal }: Call): Promise<JobView> => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await request(new URL(path, baseUrl), {
      method,
      headers: { accept: 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}), ...headers },
      ...(body ? { body } : {}),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    if (response.ok) return parseJob(text);
    throw new TimbreApiError(response.status, text, parseRetryAfter(response.headers.get('retry-after'), Date.now()));
  };
  const call = (details: Call) =>
    withRetries(() => attempt(details), { attempts: ATTEMPTS, ...retry, signal: details.signal });

  const getJob: TimbreClient['getJob'] = (id, { waitSeconds = 0, signal } = {}) =>
    call({
      method: 'GET',
      path: `/v1/jobs/${encodeURIComponent(id)}?waitSeconds=${waitSeconds}`,
      timeoutMs: waitSeconds * 1000 + ANSWER_TIMEOUT_MS,
      signal,
    });

  return {
    submitClip: (clip, { signal } = {}) =>
      call({
        method: 'POST',
        path: '/v1/jobs',
        body: clipForm(clip),
        headers: { 'idempotency-key': randomUUID() },
        timeoutMs: ANSWER_TIMEOUT_MS + Math.ceil(clip.content.size / MIN_UPLOAD_BYTES_PER_SECOND) * 1000,
        signal,
      }),
    getJob,
    async waitForJob(id, { signal } = {}) {
      for (;;) {
        const job = await getJob(id, { waitSeconds: WAIT_SECONDS, signal });
        if (isTerminal(job.state)) return job;
      }
    },
  };
}

/** Fields first: a streaming server knows them before the file arrives. */
function clipForm({ name, content, model, lane }: ClipUpload): FormData {
  const form = new FormData();
  if (model) form.set('model', model);
  if (lane) form.set('lane', lane);
  form.set('file', content, name);
  return form;
}

function parseJob(text: string): JobView {
  const parsed = answeredJobSchema.safeParse(safeJson(text));
  if (!parsed.success) throw new Error(`the answer is not a job: ${text.slice(0, 200)}`);
  return parsed.data as unknown as JobView;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
