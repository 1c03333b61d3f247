/**
 * From an HTTP request with a clip to an accepted job, whatever way the clip comes: form, raw body, URI or finished upload.
 * Order matters: cheap refusals first, bytes next, the record last; whatever fails leaves nothing behind.
 */
import type { Request, Response } from 'express';
import { AppError } from '@timbre/shared/errors';
import { submitFieldsSchema, submitJsonSchema, type JobSpec, type SubmitFields } from '@timbre/shared/contracts/job';
import type { Principal } from '@timbre/shared/auth/api-keys';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { PublicFetch } from '@timbre/shared/net/public-fetch';
import type { Ledger } from '@timbre/shared/queue/ledger';
import { audioKey, jobPrefix } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import type { TenantQuota } from '../limits/tenant-quota.js';
import type { Admission } from '../limits/admission.js';
import { checkJsonShape, parseInput } from '../http/parse.js';
import { clientSignal, contextOf, requirePrincipal } from '../http/request-context.js';
import { baseName, isMultipart, isRawBody, receiveClip } from '../uploads/receive-clip.js';
import { findUpload, readParts } from '../uploads/uploaded-parts.js';
import { claimIdempotency, type IdempotencyClaim } from './idempotency.js';
import { newJobId, requireModel, type SubmitDeps, type SubmitJob, type Submission } from './submit-job.js';

export interface AcceptDeps {
  ledger: Ledger;
  store: ObjectStore;
  submit: SubmitJob;
  models: SubmitDeps['models'];
  metrics: Metrics;
  admission: Admission;
  uploads: TenantQuota;
  publicFetch: PublicFetch;
  maxFileBytes: number;
  minUploadBytesPerSecond: number;
}

export interface Accepted {
  jobId: string;
  spec: JobSpec | undefined;
  replayed: boolean;
}

export interface AcceptOptions {
  /** Runs when the id is known and before the job exists, to subscribe in time. */
  beforeSubmit?: (jobId: string) => Promise<void>;
  /** Fixed by the route, over what the client sends. */
  force?: Partial<SubmitFields>;
}

export type AcceptClip = (request: Request, response: Response, options?: AcceptOptions) => Promise<Accepted>;

export function createAcceptClip(deps: AcceptDeps): AcceptClip {
  return async (request, response, options = {}) => {
    const principal = requirePrincipal(request);
    const fromQuery = checkFields(request.query, deps, options);
    await deps.admission.check();
    const claim = await claimIdempotency(request, principal, deps.ledger);
    const jobId = newJobId();
    try {
      const draft =
        isMultipart(request) || isRawBody(request)
          ? await receive(request, response, { deps, principal, jobId, fromQuery, options })
          : await fromJson(request, { deps, principal, jobId, options });
      const accepted = await settle(request, { deps, principal, jobId, claim, draft, options });
      await claim?.end();
      return accepted;
    } catch (error) {
      await claim?.end(error);
      throw error;
    }
  };
}

/** `waitSeconds` belongs to the call, not to the job. */
function fieldsOf(query: unknown): Record<string, unknown> {
  const { waitSeconds: _wait, ...fields } = query as Record<string, unknown>;
  return fields;
}

/** Query fields are checked before a byte of the body is read, the model's existence included. */
function checkFields(query: unknown, deps: AcceptDeps, { force }: AcceptOptions): SubmitFields {
  const parsed = parseInput(submitFieldsSchema, fieldsOf(query));
  requireModel(deps.models, parsed.model);
  requireWebhookUrl(deps, parsed);
  return { ...parsed, ...force };
}

/** @throws AppError `url_forbidden` */
function requireWebhookUrl({ publicFetch }: AcceptDeps, { webhookUrl }: Pick<SubmitFields, 'webhookUrl'>): void {
  if (webhookUrl !== undefined) publicFetch.checkUrl(webhookUrl);
}

interface Draft {
  fields: SubmitFields;
  source: Submission['source'];
  name: string;
  via: Submission['via'];
  uploadSeconds: number;
  /** What makes two requests the same. */
  identity: unknown;
}

interface Step {
  deps: AcceptDeps;
  principal: Principal;
  jobId: string;
  options: AcceptOptions;
}

async function receive(request: Request, response: Response, step: Step & { fromQuery: SubmitFields }): Promise<Draft> {
  const { deps, principal, jobId, fromQuery, options } = step;
  const release = deps.uploads.acquire(principal.tenant);
  const started = performance.now();
  const key = audioKey({ tenant: principal.tenant, id: jobId });
  try {
    const { object, fields, fileName } = await receiveClip(request, {
      key,
      store: deps.store,
      maxBytes: deps.maxFileBytes,
      minBytesPerSecond: deps.minUploadBytesPerSecond,
      signal: clientSignal(response),
    });
    const via = isMultipart(request) ? 'form' : 'raw';
    deps.metrics.uploadBytes.inc({ via }, object.bytes);
    const merged = await mergeFields(fields, { deps, fromQuery, options, key });
    return {
      fields: merged,
      source: { key, bytes: object.bytes, sha256: object.sha256 },
      name: merged.name ?? fileName,
      via,
      uploadSeconds: (performance.now() - started) / 1000,
      identity: { fields: merged, sha256: object.sha256 },
    };
  } finally {
    release();
  }
}

async function mergeFields(
  fields: Record<string, string>,
  { deps, fromQuery, options, key }: { deps: AcceptDeps; fromQuery: SubmitFields; options: AcceptOptions; key: string },
): Promise<SubmitFields> {
  try {
    if (Object.keys(fields).length === 0) return fromQuery;
    const merged = {
      ...fromQuery,
      ...parseInput(submitFieldsSchema, { lane: fromQuery.lane, ...withoutEmpty(fields) }),
      ...options.force,
    };
    if (merged.model !== undefined) requireModel(deps.models, merged.model);
    requireWebhookUrl(deps, merged);
    return merged;
  } catch (error) {
    await deps.store.delete(key);
    throw error;
  }
}

/** Plain HTML forms send every field, empty ones too. */
const withoutEmpty = (fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

async function fromJson(request: Request, { deps, principal, jobId, options }: Step): Promise<Draft> {
  if (!request.is('application/json') || request.body === undefined)
    throw new AppError('unsupported_media_type', {
      detail: 'send multipart/form-data, audio/*, application/octet-stream or application/json',
    });
  checkJsonShape(request.body);
  const { source, ...rest } = parseInput(submitJsonSchema, { ...fieldsOf(request.query), ...(request.body as object) });
  const fields = { ...rest, ...options.force };
  if (fields.model !== undefined) requireModel(deps.models, fields.model);
  requireWebhookUrl(deps, fields);
  const identity = { fields, source };
  if ('uri' in source) {
    const url = deps.publicFetch.checkUrl(source.uri);
    const key = audioKey({ tenant: principal.tenant, id: jobId });
    const name = fields.name ?? baseName(url.pathname);
    return { fields, source: { key, uri: source.uri }, name, via: 'uri', uploadSeconds: 0, identity };
  }
  const found = await findUpload(deps.store, principal.tenant, source.uploadId);
  if (!found) throw new AppError('not_found', { detail: 'no finished upload has this id' });
  if (found.bytes > deps.maxFileBytes)
    throw new AppError('payload_too_large', { details: { limit: deps.maxFileBytes, observed: found.bytes } });
  const key = audioKey({ tenant: principal.tenant, id: jobId });
  const { bytes, sha256 } = await deps.store.put(key, readParts(deps.store, found.parts));
  const name = fields.name ?? found.fileName ?? 'clip';
  return { fields, source: { key, bytes, sha256 }, name, via: 'upload', uploadSeconds: 0, identity };
}

async function settle(
  request: Request,
  step: Step & { claim: IdempotencyClaim | undefined; draft: Draft },
): Promise<Accepted> {
  const { deps, principal, jobId, claim, draft, options } = step;
  const { identity, ...submission } = draft;
  if (claim?.existing) {
    await deps.store.deletePrefix(jobPrefix({ tenant: principal.tenant, id: jobId }));
    claim.requireSame(identity);
    await options.beforeSubmit?.(claim.existing.jobId);
    return { jobId: claim.existing.jobId, spec: undefined, replayed: true };
  }
  await options.beforeSubmit?.(jobId);
  const spec = await deps.submit({
    ...submission,
    id: jobId,
    principal,
    traceparent: contextOf(request).traceparent,
    ...(claim
      ? {
          idempotency: ({ expiresAtMs, createdAtMs }) =>
            claim.bind(jobId, identity, (expiresAtMs - createdAtMs) / 1000),
        }
      : {}),
  });
  return { jobId, spec, replayed: false };
}
