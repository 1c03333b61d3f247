/**
 * tus 1.0 at `/v1/uploads` (https://tus.io/protocols/resumable-upload): an upload that a broken line does not end. The
 * protocol is small enough to be spoken here, with our keys, problem documents, minimum rate and metrics; why not by a
 * library is in docs/decisions/0008-resumable-uploads.md.
 */
import type { Request, RequestHandler, Response, Router } from 'express';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { AppError } from '@timbre/shared/errors';
import { uploadIdSchema } from '@timbre/shared/contracts/job';
import type { UploadOwner } from '@timbre/shared/storage/upload-keys';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { clientSignal, requirePrincipal } from '../http/request-context.js';
import { newUploadId } from '../jobs/submit-job.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import { guardBody } from '../uploads/ingress-guard.js';
import type { ResumableUploads, UploadView } from '../uploads/resumable-uploads.js';
import {
  checksumOf,
  requireTusBody,
  requireTusVersion,
  tusBodyType,
  tusChecksumAlgorithms,
  tusExtensions,
  tusVersion,
  uploadInfoOf,
  uploadOffsetOf,
} from '../uploads/tus-headers.js';

export interface ResumableUploadRoutesDeps {
  uploads: ResumableUploads;
  /** Shared with the other ways of sending bytes. */
  quota: TenantQuota;
  metrics: Metrics;
  maxUploadBytes: number;
  minUploadBytesPerSecond: number;
}

export function addResumableUploadRoutes(router: Router, deps: ResumableUploadRoutesDeps): void {
  const { uploads, maxUploadBytes } = deps;
  const tus: RequestHandler = (request, response, next) => {
    response.setHeader('Tus-Resumable', tusVersion);
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Tus-Version', tusVersion);
    requireTusVersion(request);
    next();
  };
  const describe: RequestHandler = (_request, response) => {
    response.set({
      'Tus-Resumable': tusVersion,
      'Tus-Version': tusVersion,
      'Tus-Extension': tusExtensions,
      'Tus-Max-Size': String(maxUploadBytes),
      'Tus-Checksum-Algorithm': tusChecksumAlgorithms,
    });
    response.status(204).end();
  };

  router
    .route('/')
    .options(requireScope('submit'), describe)
    .post(requireScope('submit'), tus, async (request, response) => {
      const owner = { tenant: requirePrincipal(request).tenant, id: newUploadId() };
      const info = uploadInfoOf(request, maxUploadBytes);
      const withBody = request.get('content-type') === tusBodyType;
      const bodyBytes = Number(request.get('content-length') ?? 0);
      if (bodyBytes > info.length)
        throw new AppError('payload_too_large', { details: { limit: info.length, observed: bodyBytes } });
      const created = await uploads.create(owner, info);
      response.location(`/v1/uploads/${owner.id}`);
      const view = withBody ? await append(request, response, { deps, owner, offset: 0 }) : created;
      setProgress(response, view);
      response.status(201).end();
    })
    .all(methodNotAllowed('OPTIONS', 'POST'));

  router
    .route('/:id')
    .head(requireScope('submit'), tus, async (request, response) => {
      const view = await uploads.look(ownerOf(request), clientSignal(response));
      setProgress(response, view);
      response.setHeader('Upload-Length', view.info.length);
      if (view.info.metadata !== '') response.setHeader('Upload-Metadata', view.info.metadata);
      response.status(200).end();
    })
    .patch(requireScope('submit'), tus, async (request, response) => {
      requireTusBody(request);
      const offset = uploadOffsetOf(request);
      setProgress(response, await append(request, response, { deps, owner: ownerOf(request), offset }));
      response.status(204).end();
    })
    .delete(requireScope('submit'), tus, async (request, response) => {
      await uploads.remove(ownerOf(request), clientSignal(response));
      response.status(204).end();
    })
    .all(methodNotAllowed('HEAD', 'PATCH', 'DELETE'));
}

/** @throws AppError `not_found` for what cannot be an upload of the tenant */
function ownerOf(request: Request): UploadOwner {
  const id = uploadIdSchema.safeParse(request.params['id']);
  if (!id.success) throw new AppError('not_found', { detail: 'there is no such upload' });
  return { tenant: requirePrincipal(request).tenant, id: id.data };
}

function setProgress(response: Response, { offset, expiresAt }: UploadView): void {
  response.setHeader('Upload-Offset', offset);
  response.setHeader('Upload-Expires', expiresAt.toUTCString());
}

async function append(
  request: Request,
  response: Response,
  { deps, owner, offset }: { deps: ResumableUploadRoutesDeps; owner: UploadOwner; offset: number },
): Promise<UploadView> {
  const { uploads, quota, metrics, minUploadBytesPerSecond } = deps;
  const declared = request.get('content-length');
  const checksum = checksumOf(request);
  const release = quota.acquire(owner.tenant);
  try {
    return await uploads.append(
      {
        owner,
        offset,
        bytes: declared === undefined ? undefined : Number(declared),
        checksum,
        open: (signal) => guardBody(request, { minBytesPerSecond: minUploadBytesPerSecond }, signal),
        onStored: (bytes) => metrics.uploadBytes.inc({ via: 'tus' }, bytes),
      },
      clientSignal(response),
    );
  } finally {
    release();
  }
}
