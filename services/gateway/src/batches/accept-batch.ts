/**
 * From an HTTP request with an archive, a manifest or the name of a source to an accepted batch. As for clips: cheap refusals
 * first, bytes next, the record last. Reading the source happens later and elsewhere.
 */
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { Principal } from '@timbre/shared/auth/api-keys';
import type { AcceptOptions, BatchLedger } from '@timbre/shared/batch/batch-ledger';
import {
  batchFieldsSchema,
  batchJsonSchema,
  type BatchFields,
  type BatchSource,
  type BatchSpec,
} from '@timbre/shared/contracts/batch';
import type { PublicFetch } from '@timbre/shared/net/public-fetch';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Ledger } from '@timbre/shared/queue/ledger';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';
import { batchPrefix, batchSourceKey, batchSpecKey, type BatchOwner } from '@timbre/shared/storage/batch-keys';
import type { ImportStore } from '@timbre/shared/storage/import-store';
import { locateImport } from '@timbre/shared/storage/open-import-stores';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { checkJsonShape, parseInput } from '../http/parse.js';
import { clientSignal, contextOf, requirePrincipal } from '../http/request-context.js';
import { claimIdempotency, type IdempotencyClaim } from '../jobs/idempotency.js';
import { requireModel, type SubmitDeps } from '../jobs/submit-job.js';
import type { Admission } from '../limits/admission.js';
import type { TenantQuota } from '../limits/tenant-quota.js';
import { isMultipart, isRawBody, receiveClip } from '../uploads/receive-clip.js';
import { findUpload } from '../uploads/uploaded-parts.js';

export interface BatchPolicy {
  maxLiveBatches: number;
  maxArchiveBytes: number;
  minUploadBytesPerSecond: number;
  retentionSeconds: number;
  deadlineSeconds: number;
  defaultModel: string | undefined;
}

export interface AcceptBatchDeps {
  batches: BatchLedger;
  ledger: Ledger;
  queues: TaskQueues;
  store: ObjectStore;
  importStores: readonly ImportStore[];
  models: SubmitDeps['models'];
  metrics: Metrics;
  admission: Admission;
  uploads: TenantQuota;
  publicFetch: PublicFetch;
  policy: BatchPolicy;
  /** Keeps the parts of an upload from being swept while a batch needs them. */
  keepUpload: (owner: { tenant: string; id: string }, untilMs: number) => Promise<void>;
  failpoint?: (point: string) => void;
  now?: () => number;
}

/** Bodies that are the batch itself. */
const archiveTypes =
  /^(application\/(zip|x-zip-compressed|x-tar|x-gtar|gzip|x-gzip|x-compressed-tar|octet-stream|x-ndjson|jsonl?lines?|jsonl)|text\/(csv|plain))/i;

export const newBatchId = () => `b${randomBytes(16).toString('hex')}`;

export type AcceptBatch = ReturnType<typeof createAcceptBatch>;

export function createAcceptBatch(deps: AcceptBatchDeps) {
  const { batches, queues, store, policy } = deps;
  const now = deps.now ?? Date.now;

  /** Stores the spec, makes the record true, promises the reading of the source. */
  async function record(spec: BatchSpec, idempotency?: AcceptOptions['idempotency']): Promise<void> {
    await store.put(batchSpecKey(spec), Buffer.from(JSON.stringify(spec)), { contentType: 'application/json' });
    await batches.accept(spec, { maxLive: policy.maxLiveBatches, ...(idempotency ? { idempotency } : {}) });
    deps.failpoint?.('batch-recorded');
    deps.metrics.batchesAccepted.inc({ source: spec.source.kind });
    // Accepted is accepted: when the queue does not answer now, the keeper adds the task from the outbox.
    await queues
      .enqueueExpand({ v: 1, kind: 'expand', batchId: spec.id, traceparent: spec.traceparent, enqueuedAtMs: now() })
      .catch(() => undefined);
  }

  function specOf(
    owner: BatchOwner,
    {
      fields,
      source,
      name,
      traceparent,
      evaluates,
    }: { fields: BatchFields; source: BatchSource; name: string; traceparent: string; evaluates: boolean },
  ): BatchSpec {
    const model = requireModel(deps.models, fields.model, policy.defaultModel);
    const createdAtMs = now();
    const retention = fields.retentionSeconds ?? policy.retentionSeconds;
    const audio = Math.min(fields.audioRetentionSeconds ?? retention, retention);
    // A batch cannot outlive its audio.
    const deadline = Math.min(fields.deadlineSeconds ?? policy.deadlineSeconds, audio);
    return {
      v: 1,
      ...owner,
      name: fields.name ?? name,
      source,
      model: model.card.id,
      modelDigest: model.modelDigest,
      featureDigest: model.featureDigest,
      features: model.card.features,
      preflight: fields.preflight,
      reuse: fields.reuse,
      weight: fields.weight,
      createdAtMs,
      deadlineAtMs: createdAtMs + deadline * 1000,
      audioExpiresAtMs: createdAtMs + audio * 1000,
      expiresAtMs: createdAtMs + retention * 1000,
      traceparent,
      ...(fields.webhookUrl === undefined ? {} : { webhookUrl: fields.webhookUrl }),
      ...(evaluates ? { evaluation: { labels: [...model.card.labels] } } : {}),
    };
  }

  /** Leaves nothing of a batch that is certainly none; when Redis merely did not answer it may exist. */
  async function refuse(owner: BatchOwner, error: unknown): Promise<never> {
    if (!isAppError(error) || error.code !== 'dependency_unavailable') await store.deletePrefix(batchPrefix(owner));
    throw error;
  }

  const checkFields = (fields: BatchFields): BatchFields => {
    requireModel(deps.models, fields.model, policy.defaultModel);
    if (fields.webhookUrl !== undefined) deps.publicFetch.checkUrl(fields.webhookUrl);
    return fields;
  };

  return {
    /** A batch over the clips that `root` keeps; it must be done while they are there. */
    async over(request: Request, origin: BatchSpec, fields: BatchFields, root: BatchSpec): Promise<BatchSpec> {
      await deps.admission.check();
      const own = specOf(
        { tenant: origin.tenant, id: newBatchId() },
        {
          fields: checkFields(fields),
          source: { kind: 'batch', batchId: root.id },
          name: origin.name,
          traceparent: contextOf(request).traceparent,
          evaluates: origin.evaluation !== undefined,
        },
      );
      const spec: BatchSpec = {
        ...own,
        audioExpiresAtMs: Math.min(own.audioExpiresAtMs, root.audioExpiresAtMs),
        deadlineAtMs: Math.min(own.deadlineAtMs, root.audioExpiresAtMs),
      };
      await record(spec).catch((error: unknown) => refuse(spec, error));
      return spec;
    },

    /** @throws AppError for whatever is wrong with the request; nothing is kept then */
    async fromRequest(
      request: Request,
      response: Response,
      { evaluates = false }: { evaluates?: boolean } = {},
    ): Promise<{ batchId: string; replayed: boolean }> {
      const principal = requirePrincipal(request);
      const fromQuery = checkFields(parseInput(batchFieldsSchema, request.query));
      await deps.admission.check();
      const claim = await claimIdempotency(request, principal, deps.ledger);
      const owner = { tenant: principal.tenant, id: newBatchId() };
      try {
        const draft =
          isMultipart(request) || isRawBody(request, archiveTypes)
            ? await receive(request, response, owner, fromQuery)
            : await fromJson(request, principal, owner);
        const accepted = await settle(request, owner, { ...draft, evaluates }, claim);
        await claim?.end();
        return accepted;
      } catch (error) {
        await claim?.end(error);
        return refuse(owner, error);
      }
    },
  };

  interface Draft {
    fields: BatchFields;
    source: BatchSource;
    name: string;
    identity: unknown;
  }

  async function receive(
    request: Request,
    response: Response,
    owner: BatchOwner,
    fromQuery: BatchFields,
  ): Promise<Draft> {
    const release = deps.uploads.acquire(owner.tenant);
    try {
      const { object, fields, fileName } = await receiveClip(request, {
        key: batchSourceKey(owner),
        store,
        maxBytes: policy.maxArchiveBytes,
        minBytesPerSecond: policy.minUploadBytesPerSecond,
        signal: clientSignal(response),
        rawTypes: archiveTypes,
      });
      deps.metrics.uploadBytes.inc({ via: isMultipart(request) ? 'form' : 'raw' }, object.bytes);
      if (object.bytes === 0) throw new AppError('batch_empty', { detail: 'the body has 0 bytes' });
      const given = Object.entries(fields).filter(([, value]) => value !== '');
      const merged =
        given.length === 0
          ? fromQuery
          : checkFields(parseInput(batchFieldsSchema, { ...request.query, ...Object.fromEntries(given) }));
      const format = merged.format ?? formatOf(request.get('content-type'));
      const parts = [{ key: object.key, bytes: object.bytes }];
      return {
        fields: merged,
        source: { kind: 'object', parts, sha256: object.sha256, ...(format ? { format } : {}) },
        name: fileName === 'clip' ? 'archive' : fileName,
        identity: { fields: merged, sha256: object.sha256 },
      };
    } finally {
      release();
    }
  }

  async function fromJson(request: Request, principal: Principal, owner: BatchOwner): Promise<Draft> {
    if (!request.is('application/json') || request.body === undefined)
      throw new AppError('unsupported_media_type', {
        detail:
          'send an archive (application/zip, application/x-tar, application/gzip), a manifest (application/x-ndjson, text/csv), a form or JSON',
      });
    checkJsonShape(request.body);
    const { source, ...rest } = parseInput(batchJsonSchema, { ...request.query, ...(request.body as object) });
    const fields = checkFields(rest);
    const identity = { fields, source };
    if ('uploadId' in source) {
      const upload = await findUpload(store, principal.tenant, source.uploadId);
      if (!upload) throw new AppError('not_found', { detail: 'no finished upload has this id' });
      if (upload.bytes > policy.maxArchiveBytes)
        throw new AppError('payload_too_large', { details: { limit: policy.maxArchiveBytes, observed: upload.bytes } });
      await deps.keepUpload({ tenant: principal.tenant, id: source.uploadId }, specLifetime(fields));
      const format = fields.format ? { format: fields.format } : {};
      const parts = upload.parts.map(({ key, bytes }) => ({ key, bytes }));
      return { fields, source: { kind: 'object', parts, ...format }, name: upload.fileName ?? 'archive', identity };
    }
    if ('prefix' in source) {
      const place = locateImport(deps.importStores, source.prefix);
      return { fields, source: { kind: 'prefix', ...place, shown: source.prefix }, name: source.prefix, identity };
    }
    const entries = 'uris' in source ? source.uris.map((uri) => ({ uri })) : source.clips;
    for (const { uri } of entries) if (uri !== undefined) deps.publicFetch.checkUrl(uri);
    const manifest = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    const { key, bytes } = await store.put(batchSourceKey(owner), manifest, { contentType: 'application/x-ndjson' });
    return { fields, source: { kind: 'object', format: 'jsonl', parts: [{ key, bytes }] }, name: 'list', identity };
  }

  function specLifetime(fields: BatchFields): number {
    return now() + (fields.retentionSeconds ?? policy.retentionSeconds) * 1000;
  }

  async function settle(
    request: Request,
    owner: BatchOwner,
    { fields, source, name, identity, evaluates }: Draft & { evaluates: boolean },
    claim: IdempotencyClaim | undefined,
  ): Promise<{ batchId: string; replayed: boolean }> {
    if (claim?.existing) {
      await store.deletePrefix(batchPrefix(owner));
      claim.requireSame(identity);
      return { batchId: claim.existing.jobId, replayed: true };
    }
    const { traceparent } = contextOf(request);
    const spec = specOf(owner, { fields, source, name, traceparent, evaluates });
    const keepSeconds = (spec.expiresAtMs - spec.createdAtMs) / 1000;
    await record(spec, claim?.bind(spec.id, identity, keepSeconds));
    return { batchId: spec.id, replayed: false };
  }
}

/** Archives are told from their bytes; a manifest of text is taken for what its sender says. */
function formatOf(contentType: string | undefined): 'jsonl' | 'csv' | undefined {
  if (/^text\/csv/i.test(contentType ?? '')) return 'csv';
  return /^application\/(x-ndjson|jsonl)/i.test(contentType ?? '') ? 'jsonl' : undefined;
}
