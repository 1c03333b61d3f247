/** Asks a server which model will answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import { parseRetryAfter, TimbreApiError } from '../client/api-error.js';
import { withRetries } from '../client/retry.js';

const modelSchema = z.looseObject({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  labels: z.array(z.string()).min(2),
  thresholds: z.looseObject({ unknown: z.number() }),
  modelDigest: z.string(),
  isDefault: z.boolean().default(false),
});
const modelsSchema = z.looseObject({ models: z.array(modelSchema) });

export type ServedModel = z.infer<typeof modelSchema>;

export interface Server {
  baseUrl: string;
  apiKey: string | undefined;
  signal?: AbortSignal;
}

const ANSWER_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 2000;

/** The model named, or the one the server takes by default. @throws CliError naming the models there are */
export async function requireModel(server: Server, id: string | undefined): Promise<ServedModel> {
  const { models } = modelsSchema.parse(await getJson(server, '/v1/models'));
  const found =
    models.find((model) => (id === undefined ? model.isDefault : model.id === id)) ?? (id ? undefined : models[0]);
  if (found) return found;
  const offered = models.map((model) => model.id).join(', ') || 'none';
  throw new CliError(`${server.baseUrl} has no model ${id ?? ''}; it has: ${offered}`);
}

/** Whether a Timbre answers there, asked once. */
export async function isServing(baseUrl: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/v1/limits', baseUrl), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const limits = z.looseObject({ file: z.looseObject({ maxBytes: z.number() }) });
    return response.ok && limits.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

async function getJson({ baseUrl, apiKey, signal }: Server, path: string): Promise<unknown> {
  const attempt = async (): Promise<unknown> => {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const response = await fetch(new URL(path, baseUrl), {
      headers: { accept: 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new TimbreApiError(response.status, text, parseRetryAfter(response.headers.get('retry-after'), Date.now()));
  };
  return withRetries(attempt, { attempts: 6, signal, sleep: (ms) => delay(ms) });
}
