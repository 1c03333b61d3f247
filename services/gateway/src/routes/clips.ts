/**
 * `/v1/clips`: audio a tenant stores by its content, so that a manifest can name it. Whoever sends a folder asks first what
 * is missing, and sends only that. A clip is kept for a time after it was last sent; one past half of it counts as missing,
 * so that whoever names it in a manifest has sent it lately.
 */
import { Router, type RequestHandler } from 'express';
import { z } from 'zod';
import { AppError } from '@timbre/shared/errors';
import { storedClipKey } from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { jsonBody } from '../http/json-body.js';
import { parseInput } from '../http/parse.js';
import { clientSignal, requirePrincipal } from '../http/request-context.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import { guardBody } from '../uploads/ingress-guard.js';

export interface ClipRoutesDeps {
  store: ObjectStore;
  uploads: TenantQuota;
  maxFileBytes: number;
  minUploadBytesPerSecond: number;
  /** Seconds a clip is kept after it was last sent. */
  clipSeconds: number;
  now?: () => number;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');
export const missingClipsSchema = z.strictObject({ sha256: z.array(sha256).min(1).max(10_000) });

/** Questions to the store at the same time. */
const atOnce = 32;

export function clipRoutes(deps: ClipRoutesDeps): Router {
  const { store, uploads, maxFileBytes, minUploadBytesPerSecond, clipSeconds, now = Date.now } = deps;
  const router = Router();

  const missing: RequestHandler = async (request, response) => {
    const { tenant } = requirePrincipal(request);
    const asked = [...new Set(parseInput(missingClipsSchema, request.body).sha256)];
    const absent: string[] = [];
    for (let at = 0; at < asked.length; at += atOnce) {
      const some = asked.slice(at, at + atOnce);
      const found = await Promise.all(some.map((hash) => store.head(storedClipKey(tenant, hash))));
      const oldest = now() - (clipSeconds * 1000) / 2;
      absent.push(...some.filter((_, place) => (found[place]?.modifiedAt.getTime() ?? 0) < oldest));
    }
    response.json({ missing: absent });
  };
  router.route('/missing').post(requireScope('submit'), jsonBody(), missing).all(methodNotAllowed('POST'));

  const put: RequestHandler = async (request, response) => {
    const { tenant } = requirePrincipal(request);
    const expectedSha256 = parseInput(sha256, request.params['sha256']);
    const declared = Number(request.get('content-length') ?? 0);
    if (declared > maxFileBytes)
      throw new AppError('payload_too_large', { details: { limit: maxFileBytes, observed: declared } });
    const release = uploads.acquire(tenant);
    try {
      const signal = clientSignal(response);
      const body = guardBody(request, { minBytesPerSecond: minUploadBytesPerSecond }, signal);
      const key = storedClipKey(tenant, expectedSha256);
      const { bytes } = await store.put(key, body, { maxBytes: maxFileBytes, expectedSha256, signal });
      response.status(201).json({ sha256: expectedSha256, bytes });
    } finally {
      release();
    }
  };
  router.route('/:sha256').put(requireScope('submit'), put).all(methodNotAllowed('PUT'));
  return router;
}
