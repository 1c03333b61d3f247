/**
 * Uploads that bypass the job call. `POST /v1/uploads/presign` gives an id and a URL good for one PUT; resumable ones are in
 * resumable-uploads.ts. A finished upload is then named as `source.uploadId`. `/v1/objects` is where the URLs of the file
 * driver point.
 */
import { Router, type Request, type RequestHandler } from 'express';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AppError } from '@timbre/shared/errors';
import { incomingKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { verifyPresigned } from '@timbre/shared/storage/signed-url';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { parseInput } from '../http/parse.js';
import { clientSignal, requirePrincipal } from '../http/request-context.js';
import { newUploadId } from '../jobs/submit-job.js';
import { guardBody } from '../uploads/ingress-guard.js';
import { addResumableUploadRoutes, type ResumableUploadRoutesDeps } from './resumable-uploads.js';

export interface UploadRoutesDeps extends ResumableUploadRoutesDeps {
  store: ObjectStore;
  maxFileBytes: number;
}

export interface SignedObjectRoutesDeps {
  store: ObjectStore;
  minUploadBytesPerSecond: number;
  signingSecret: string;
}

export const presignSchema = z.strictObject({
  bytes: z.int().min(1),
  contentType: z.string().max(100).default('application/octet-stream'),
});
const expiresInSeconds = 900;

export function uploadRoutes(deps: UploadRoutesDeps): Router {
  const { store, maxFileBytes } = deps;
  const router = Router();
  const presign: RequestHandler = async (request, response) => {
    const { bytes, contentType } = parseInput(presignSchema, request.body);
    if (bytes > maxFileBytes)
      throw new AppError('payload_too_large', { details: { limit: maxFileBytes, observed: bytes } });
    const uploadId = newUploadId();
    const key = incomingKey(requirePrincipal(request).tenant, uploadId);
    const url = await store.presign('PUT', key, { expiresInSeconds, contentLength: bytes, contentType });
    response.status(201).json({
      uploadId,
      method: 'PUT',
      url,
      headers: { 'Content-Type': contentType, 'Content-Length': String(bytes) },
      expiresAt: new Date(Date.now() + expiresInSeconds * 1000).toISOString(),
    });
  };
  router.route('/presign').post(requireScope('submit'), jsonBody(), presign).all(methodNotAllowed('POST'));
  addResumableUploadRoutes(router, deps);
  return router;
}

/** Signed access to single objects of the file driver; the signature is the permission. */
export function signedObjectRoutes(deps: SignedObjectRoutesDeps): Router {
  const { store, signingSecret, minUploadBytesPerSecond } = deps;
  const router = Router();
  const granted = ({ method, originalUrl, headers }: Request) =>
    verifyPresigned({ method, url: originalUrl, headers }, signingSecret);
  router.put('/{*key}', async (request, response) => {
    const { key, contentLength } = granted(request);
    const signal = clientSignal(response);
    const body = guardBody(request, { minBytesPerSecond: minUploadBytesPerSecond }, signal);
    const limit = contentLength === undefined ? {} : { maxBytes: contentLength };
    const stored = await store.put(key, body, { signal, ...limit });
    response.status(200).json({ bytes: stored.bytes, sha256: stored.sha256 });
  });
  router.get('/{*key}', async (request, response) => {
    const { key } = granted(request);
    if (!(await store.head(key))) throw new AppError('not_found');
    response.set({ 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment' });
    await pipeline(await store.get(key), response);
  });
  return router;
}
