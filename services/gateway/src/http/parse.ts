/** Parses what clients send against the contracts; every problem is named with its JSON pointer. */
import type { z } from 'zod';
import { AppError } from '@timbre/shared/errors';

/** @throws AppError `invalid_parameter` */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20).map((issue) => ({
    pointer: `/${issue.path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
    message: issue.message.slice(0, 200),
  }));
  const [first] = issues;
  throw new AppError('invalid_parameter', {
    detail: first ? `${first.pointer}: ${first.message}` : 'the input is not valid',
    details: { issues },
  });
}

const maxDepth = 32;

/** @throws AppError `invalid_json` for nesting beyond 32 levels or keys that poison prototypes */
export function checkJsonShape(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= maxDepth) throw new AppError('invalid_json', { detail: `nested deeper than ${maxDepth} levels` });
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      throw new AppError('invalid_json', { detail: 'a key is not allowed' });
    checkJsonShape(inner, depth + 1);
  }
}

/** User text for messages and logs: at most 200 characters, control and bidirectional characters escaped. */
export function printable(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
