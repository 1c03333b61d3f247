/** An answer of the service that is not a success, with what its `application/problem+json` body says. */
import { z } from 'zod';

const problemSchema = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
});

export class TimbreApiError extends Error {
  override readonly name = 'TimbreApiError';
  readonly status: number;
  /** Stable code of the service's error catalog; `http_<status>` when something else answered (a proxy). */
  readonly code: string;
  readonly requestId: string | undefined;
  /** What `Retry-After` asked for. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: string, retryAfterSeconds?: number) {
    const problem = parseProblem(body);
    const code = problem.code ?? `http_${status}`;
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = code;
    this.requestId = problem.requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

function parseProblem(body: string): z.infer<typeof problemSchema> {
  try {
    return problemSchema.parse(JSON.parse(body));
  } catch {
    return {};
  }
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - nowMs) / 1000);
}
