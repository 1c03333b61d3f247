/** What tests do with batches over HTTP. */
import type { BatchView, ItemResult, ItemView } from '@timbre/shared/contracts/batch';
import { isBatchEnded } from '@timbre/shared/contracts/batch';

export type ResultLine = Omit<ItemResult, 'finishedAtMs' | 'windows'> & { jobId: string; finishedAt: string };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The body is the archive; `query` as in `?name=x`. */
export async function submitBatch(
  url: string,
  body: Uint8Array,
  {
    query = '',
    type = 'application/x-tar',
    headers = {},
  }: { query?: string; type?: string; headers?: Record<string, string> } = {},
): Promise<BatchView> {
  const response = await fetch(`${url}/v1/batches${query}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': type, ...headers },
  });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as BatchView;
}

export async function postBatch(
  url: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: BatchView }> {
  const response = await fetch(`${url}/v1/batches/${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, body: (await response.json()) as BatchView };
}

export async function getBatch(url: string, id: string): Promise<BatchView> {
  const response = await fetch(`${url}/v1/batches/${id}`);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as BatchView;
}

/** The batch once it has ended; asks again while the gateway is away. */
export async function endedBatch(url: string, id: string, timeoutMs = 120_000): Promise<BatchView> {
  const until = Date.now() + timeoutMs;
  let last: BatchView | undefined;
  while (Date.now() < until) {
    last = await getBatch(url, id).catch(() => last);
    if (last && isBatchEnded(last.state)) return last;
    await pause(150);
  }
  throw new Error(`the batch has not ended: ${JSON.stringify(last)}`);
}

export async function batchResults(url: string, id: string, query = ''): Promise<ResultLine[]> {
  const response = await fetch(`${url}/v1/batches/${id}/results${query}`);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultLine);
}

export async function batchItems(
  url: string,
  id: string,
  query = '',
): Promise<{ items: ItemView[]; nextCursor: string | null }> {
  const response = await fetch(`${url}/v1/batches/${id}/items${query}`);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as { items: ItemView[]; nextCursor: string | null };
}
