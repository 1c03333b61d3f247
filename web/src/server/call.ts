/** Calls that the client package does not have, with the same errors. */
import { TimbreApiError } from '@timbre/client';

export interface CallInit {
  method?: 'GET' | 'POST';
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** @throws TimbreApiError for an answer that is no success */
export async function callServer<T>(path: string, apiKey: string | undefined, init: CallInit = {}): Promise<T> {
  const response = await fetch(path, {
    ...init,
    headers: {
      accept: 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...init.headers,
    },
  });
  if (!response.ok) throw new TimbreApiError(response.status, await response.text());
  return (await response.json()) as T;
}
