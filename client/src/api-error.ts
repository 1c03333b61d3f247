/** An answer of the service that is not a success, with what its `application/problem+json` body says. */

export class TimbreApiError extends Error {
  override readonly name = 'TimbreApiError';
  readonly status: number;
  /** Stable code of the service's error catalog; `http_<status>` when something else answered (a proxy). */
  readonly code: string;
  readonly title: string | undefined;
  readonly requestId: string | undefined;
  /** Facts for programs: `limit`, `observed`, `state`, `issues`. */
  readonly details: Record<string, unknown>;
  /** What `Retry-After` asked for. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: string, retryAfterSeconds?: number) {
    const problem = parseProblem(body);
    super(problem.text('detail') ?? problem.text('title') ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.text('code') ?? `http_${status}`;
    this.title = problem.text('title');
    this.requestId = problem.text('requestId');
    this.details = problem.details;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Problem {
  text(field: string): string | undefined;
  details: Record<string, unknown>;
}

function parseProblem(body: string): Problem {
  const fields = recordOf(parseJson(body));
  return {
    text(field) {
      const value = fields[field];
      return typeof value === 'string' ? value : undefined;
    },
    details: recordOf(fields['details']),
  };
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The fields of an object; none of anything else. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - nowMs) / 1000);
}
