/**
 * The body of a webhook: the job or batch as `GET` answers it, under 20 kB (the standard's advice). What is longer loses its
 * longest parts first and says so; the receiver then reads the whole at `url`.
 */
import type { WebhookMessage } from '@timbre/shared/contracts/webhook';

export const maxBodyBytes = 20_000;

/** What to leave out, step by step, until the rest fits. Paths into `data`. */
const expendable = [
  ['result', 'segments'],
  ['result', 'scores'],
  ['error', 'details'],
  ['decisions'],
  ['failuresByCode'],
  ['result'],
  ['clip'],
] as const;

export function webhookBody(message: WebhookMessage): string {
  let body = JSON.stringify(message);
  let { data } = message;
  for (const path of expendable) {
    if (Buffer.byteLength(body) <= maxBodyBytes) return body;
    data = without(data, path);
    body = JSON.stringify({ ...message, truncated: true, data });
  }
  return body;
}

function without(data: Record<string, unknown>, [name, inner]: readonly [string, string?]): Record<string, unknown> {
  const { [name]: value, ...rest } = data;
  if (inner === undefined || typeof value !== 'object' || value === null) return rest;
  const { [inner]: _left, ...kept } = value as Record<string, unknown>;
  return { ...rest, [name]: kept };
}
