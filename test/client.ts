/** The calls of the public API that tests make, as a user's program would. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { JobView } from '@timbre/shared/contracts/job';
import { root } from '@timbre/shared/testing/test-system';

export const sample = (name: string) => join(root, 'samples', name);

export async function clipForm(
  path: string | { name: string; bytes: Uint8Array },
  fields: Record<string, string> = {},
): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const { name, bytes } = typeof path === 'string' ? { name: basename(path), bytes: await readFile(path) } : path;
  form.append('file', new Blob([new Uint8Array(bytes)]), name);
  return form;
}

export async function post(url: string, body: FormData | string | Uint8Array, headers: Record<string, string> = {}) {
  const type: Record<string, string> = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  const init = { method: 'POST', body: body as string, headers: { ...type, ...headers } };
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text ? JSON.parse(text) : null) as Record<string, unknown>,
  };
}

/** Submits and answers the accepted job. */
export async function submit(
  base: string,
  path: Parameters<typeof clipForm>[0],
  fields: Record<string, string> = {},
): Promise<JobView> {
  const { status, body } = await post(`${base}/v1/jobs`, await clipForm(path, fields));
  if (status !== 202) throw new Error(`submit answered ${status}: ${JSON.stringify(body)}`);
  return body as unknown as JobView;
}

/** The job once it is terminal, patient with gateways that are being killed. */
export async function finished(base: string, id: string, timeoutMs = 60_000): Promise<JobView> {
  const end = Date.now() + timeoutMs;
  let last = '';
  while (Date.now() < end) {
    try {
      const response = await fetch(`${base}/v1/jobs/${id}?waitSeconds=10`);
      last = await response.text();
      const view = JSON.parse(last) as JobView;
      if (response.ok && ['succeeded', 'failed', 'canceled', 'expired'].includes(view.state)) return view;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`job ${id} did not end: ${last.slice(0, 300)}`);
}
