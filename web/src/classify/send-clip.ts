/** Sends one clip and waits for its job: small ones in one request that reports its progress, large ones in resumable pieces. */
import { TimbreApiError, type TimbreClient } from '@timbre/client';
import { newIdempotencyKey } from '@timbre/client/transport';
import type { JobView } from '@timbre/shared/contracts/job';
import { rememberedUpload } from '../server/upload-memory.js';

/** From here on a broken connection would cost too much. */
export const RESUMABLE_BYTES = 64 * 1024 * 1024;

export interface SendClip {
  file: File;
  name: string;
  model: string | undefined;
  apiKey: string | undefined;
  /** 0..1 of the bytes. */
  onSent: (share: number) => void;
  signal?: AbortSignal | undefined;
}

/** The accepted job. */
export async function sendClip(client: TimbreClient, clip: SendClip): Promise<JobView> {
  const { file, name, model, signal } = clip;
  if (file.size < RESUMABLE_BYTES) {
    const idempotencyKey = newIdempotencyKey();
    return postForm(clip, idempotencyKey).catch((error: unknown) => {
      if (!mayPass(error)) throw error;
      // The client waits and tries again; whatever came through before is not made twice.
      return client.jobs.submit({ name, content: file, model }, { signal, idempotencyKey });
    });
  }
  const memory = rememberedUpload(file);
  const uploadId = await client.uploads.send(file, {
    ...memory.options,
    name,
    signal,
    onProgress: (sent, total) => clip.onSent(sent / total),
  });
  memory.forget();
  return client.jobs.submit({ source: { uploadId }, name, model }, { signal });
}

/** A busy server, or one that is restarting. */
const mayPass = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof TimbreApiError && (error.status === 429 || error.status >= 502));

/** By XMLHttpRequest, as fetch tells nothing of what has been sent. */
function postForm({ file, name, model, apiKey, onSent, signal }: SendClip, idempotencyKey: string): Promise<JobView> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    if (model !== undefined) form.set('model', model);
    form.set('file', file, name);
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/jobs');
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('idempotency-key', idempotencyKey);
    if (apiKey !== undefined) request.setRequestHeader('authorization', `Bearer ${apiKey}`);
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new TypeError('the connection broke'));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as JobView);
      else reject(new TimbreApiError(request.status, request.responseText));
    };
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}
