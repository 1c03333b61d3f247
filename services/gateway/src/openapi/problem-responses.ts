/** Turns the error codes a call can give into its problem answers, one for each HTTP status. */
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import type { Problem } from '../http/problem.js';
import { headerRef } from './shared-parts.js';

export type Reference = { $ref: string };

/** Answers nearly every call shares word for word: named once, referred to everywhere else. */
const sharedAnswers: Readonly<Record<string, readonly ErrorCode[]>> = {
  InvalidRequest: ['invalid_parameter'],
  Unauthenticated: ['auth_missing', 'auth_invalid', 'auth_expired'],
  Forbidden: ['forbidden'],
  NotFound: ['not_found'],
  UriTooLong: ['uri_too_long'],
  RateLimited: ['rate_limited'],
  HeadersTooLarge: ['headers_too_large'],
  Internal: ['internal'],
};

export type ProblemResponse = ReturnType<typeof problemResponse>;

export function sharedProblemResponses(): [name: string, response: ProblemResponse][] {
  return Object.entries(sharedAnswers).map(([name, codes]) => [name, problemResponse(codes)]);
}

/** By status, in ascending order; a code listed twice counts once. */
export function problemResponses(codes: readonly ErrorCode[]): Record<string, ProblemResponse | Reference> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = errorCatalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, group]) => [String(status), sharedReference(group) ?? problemResponse(group)]),
  );
}

function sharedReference(codes: readonly ErrorCode[]): Reference | undefined {
  const found = Object.entries(sharedAnswers).find(([, shared]) => sameSet(shared, codes));
  return found && { $ref: `#/components/responses/${found[0]}` };
}

/** One example for each code. */
export function exampleProblems(): [code: string, example: { summary: string; value: Partial<Problem> }][] {
  const codes = Object.keys(errorCatalog) as ErrorCode[];
  return codes.map((code) => [code, { summary: errorCatalog[code].title, value: exampleProblem(code) }]);
}

const sameSet = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((entry) => b.includes(entry));

function problemResponse(codes: readonly ErrorCode[]) {
  const retryAfter = codes.some(
    (code) => [409, 429, 503].includes(errorCatalog[code].status) && errorCatalog[code].retryable,
  );
  return {
    description: codes
      .map((code) => `- \`${code}\`: ${errorCatalog[code].title}. ${errorCatalog[code].remedy}`)
      .join('\n'),
    headers: {
      'X-Request-Id': headerRef('RequestId'),
      ...(codes.includes('rate_limited')
        ? { RateLimit: headerRef('RateLimit'), 'RateLimit-Policy': headerRef('RateLimitPolicy') }
        : {}),
      ...(retryAfter ? { 'Retry-After': headerRef('RetryAfter') } : {}),
    },
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: [...codes] } } }],
        },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function exampleProblem(code: ErrorCode): Partial<Problem> {
  const { title, status, retryable } = errorCatalog[code];
  const requestId = '0f8fad5b-d9cb-469f-a165-70867728950e';
  return { type: `/problems/${code}`, title, status, detail: title, code, retryable, requestId };
}
