/**
 * One HTTP call to the service: address, key, time limit, retries, and problems as `TimbreApiError`. Bodies are ones that
 * can be sent twice (blobs, forms, text), so every call can be tried again; whether that is safe is up to the caller, who
 * gives an idempotency key where the call makes something.
 */
import { parseJson, parseRetryAfter, recordOf, TimbreApiError } from './api-error.js';
import { withRetries, type RetryOptions } from './retry.js';

export interface TransportOptions {
  /** `http://host:port`, without a path. */
  baseUrl: string;
  apiKey?: string | undefined;
  fetch?: typeof fetch;
  retry?: Partial<Pick<RetryOptions, 'attempts' | 'sleep' | 'random'>>;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export type RequestBody = Blob | FormData | string | Uint8Array<ArrayBuffer>;

export interface Call extends CallOptions {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Undefined values are left out. */
  query?: Record<string, string | number | boolean | undefined>;
  body?: RequestBody;
  /** Sent as JSON, in place of `body`. */
  json?: unknown;
  headers?: Record<string, string>;
  /** Until the head of the answer is there, and for `json` until all of it is. */
  timeoutMs?: number;
  /** Tries in all; default: the client's. */
  attempts?: number;
}

export interface Transport {
  readonly baseUrl: string;
  /** The answer's JSON, which must have these fields. @throws TimbreApiError, Error for an answer that is something else */
  json<T>(call: Call, what: AnswerShape): Promise<T>;
  /** A successful answer whose body was not read yet. @throws TimbreApiError */
  send(call: Call): Promise<Response>;
}

/** What an answer is called in messages, and the fields this client relies on. Other fields are passed on. */
export interface AnswerShape {
  name: string;
  fields: readonly string[];
}

const ANSWER_TIMEOUT_MS = 15_000;
const ATTEMPTS = 12;
/** Slowest upload this waits for, besides the time for the answer. */
const MIN_UPLOAD_BYTES_PER_SECOND = 16 * 1024;

export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, apiKey, retry } = options;
  // A browser's fetch insists on its window.
  const request: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));

  const attempt = async <T>(call: Call, read: (response: Response) => Promise<T>): Promise<T> => {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException('no answer in time', 'TimeoutError')),
      call.timeoutMs ?? timeoutFor(call.body),
    );
    try {
      const response = await request(addressOf(baseUrl, call), {
        method: call.method,
        headers: headersOf(call, apiKey),
        ...bodyOf(call),
        signal: call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal,
      });
      if (response.ok) return await read(response);
      const retryAfter = parseRetryAfter(response.headers.get('retry-after'), Date.now());
      throw new TimbreApiError(response.status, await response.text(), retryAfter);
    } finally {
      clearTimeout(timer);
    }
  };
  const repeated = <T>(call: Call, read: (response: Response) => Promise<T>) =>
    withRetries(() => attempt(call, read), {
      ...retry,
      attempts: call.attempts ?? retry?.attempts ?? ATTEMPTS,
      signal: call.signal,
    });

  return {
    baseUrl,
    send: (call) => repeated(call, (response) => Promise.resolve(response)),
    json: <T>(call: Call, what: AnswerShape) =>
      repeated(call, async (response) => parseAnswer(await response.text(), what) as T),
  };
}

/** Time for the answer, and for a body at the slowest pace that is waited for. */
export function timeoutFor(body: RequestBody | undefined): number {
  const bytes = body instanceof Blob ? body.size : body instanceof Uint8Array ? body.byteLength : 0;
  return ANSWER_TIMEOUT_MS + Math.ceil(bytes / MIN_UPLOAD_BYTES_PER_SECOND) * 1000;
}

function addressOf(baseUrl: string, { path, query = {} }: Call): URL {
  const url = new URL(path, baseUrl);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

function headersOf({ json, headers }: Call, apiKey: string | undefined): Record<string, string> {
  return {
    accept: 'application/json',
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
}

function bodyOf({ body, json }: Call): { body?: RequestBody } {
  if (json !== undefined) return { body: JSON.stringify(json) };
  return body === undefined ? {} : { body };
}

function parseAnswer(text: string, { name, fields }: AnswerShape): unknown {
  const answer = parseJson(text);
  const found = recordOf(answer);
  if (fields.every((field) => found[field] !== undefined)) return answer;
  throw new Error(`the answer is not ${name}: ${text.slice(0, 200)}`);
}

/** 128 random bits; `crypto.randomUUID` is absent on pages that are not served over https. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
