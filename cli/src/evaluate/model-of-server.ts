/** Asks a server which model will answer. */
import { createTimbreClient, type ServedModel } from '@timbre/client';
import { CliError } from '../cli-error.js';

export interface Server {
  baseUrl: string;
  apiKey: string | undefined;
  signal?: AbortSignal;
}

const ATTEMPTS = 6;
const PROBE_TIMEOUT_MS = 2000;

/** The model named, or the one the server takes by default. @throws CliError naming the models there are */
export async function requireModel(server: Server, id: string | undefined): Promise<ServedModel> {
  const { baseUrl, apiKey, signal } = server;
  const models = await createTimbreClient({ baseUrl, apiKey, retry: { attempts: ATTEMPTS } }).models.list({ signal });
  const found =
    models.find((model) => (id === undefined ? model.isDefault : model.id === id)) ?? (id ? undefined : models[0]);
  if (found) return found;
  const offered = models.map((model) => model.id).join(', ') || 'none';
  throw new CliError(`${baseUrl} has no model ${id ?? ''}; it has: ${offered}`);
}

/** Whether a Timbre answers there, asked once. */
export async function isServing(baseUrl: string): Promise<boolean> {
  const { system } = createTimbreClient({ baseUrl, retry: { attempts: 1 } });
  return system.limits({ signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
    () => true,
    () => false,
  );
}
