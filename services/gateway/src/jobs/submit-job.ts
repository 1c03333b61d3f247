/**
 * Accepts a job: builds its immutable spec, stores it beside the audio, makes the record true in one script, and adds the
 * first task. A crash after the script leaves the job in the outbox, from which the keeper adds its task.
 */
import { randomBytes } from 'node:crypto';
import { AppError, isAppError } from '@timbre/shared/errors';
import type { JobSpec, SubmitFields } from '@timbre/shared/contracts/job';
import type { LoadedCard, ModelCatalog } from '@timbre/shared/models/model-catalog';
import type { Principal } from '@timbre/shared/auth/api-keys';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Ledger, SubmitOptions } from '@timbre/shared/queue/ledger';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';
import { jobPrefix, submissionKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

export interface SubmitPolicy {
  maxBacklogJobs: number;
  retentionSeconds: number;
  deadlineSeconds: Record<'interactive' | 'bulk', number>;
  defaultModel: string | undefined;
}

export interface SubmitDeps {
  ledger: Ledger;
  queues: TaskQueues;
  store: ObjectStore;
  models: ModelCatalog;
  metrics: Metrics;
  policy: SubmitPolicy;
  /** Called between steps; tests end the process there. */
  failpoint?: (point: string) => void;
  now?: () => number;
}

export interface Submission {
  id: string;
  principal: Principal;
  fields: SubmitFields;
  source: JobSpec['source'];
  name: string;
  traceparent: string;
  uploadSeconds: number;
  /** How it came: a bounded label for metrics. */
  via: 'form' | 'raw' | 'uri' | 'upload' | 'retry' | 'stream';
  retryOf?: string;
  idempotency?: (spec: JobSpec) => NonNullable<SubmitOptions['idempotency']>;
}

export const newJobId = () => `j${randomBytes(16).toString('hex')}`;
export const newUploadId = () => `u${randomBytes(16).toString('hex')}`;

/** A refused submission leaves nothing of the job in the store, its audio included. */
export type SubmitJob = (submission: Submission) => Promise<JobSpec>;

export function createSubmitJob(deps: SubmitDeps): SubmitJob {
  const { ledger, queues, store, metrics, policy } = deps;
  const now = deps.now ?? Date.now;

  return async (submission) => {
    const owner = { tenant: submission.principal.tenant, id: submission.id };
    try {
      return await accept(submission);
    } catch (error) {
      // A refusal is certain; when Redis merely did not answer the job may exist. The janitor finds what is left in vain.
      if (!isAppError(error) || error.code !== 'dependency_unavailable') await store.deletePrefix(jobPrefix(owner));
      throw error;
    }
  };

  async function accept(submission: Submission): Promise<JobSpec> {
    const spec = buildSpec(submission, deps, now());
    deps.failpoint?.('clip-stored');
    // Before the record, so that a record never lacks it. Volatile: it is needed when Redis loses what it has on disk, not
    // after a power cut that both survive.
    await store.put(submissionKey(spec), Buffer.from(JSON.stringify(spec)), {
      contentType: 'application/json',
      durability: 'volatile',
    });
    await ledger.submit(spec, {
      maxLive: policy.maxBacklogJobs,
      ...(submission.idempotency ? { idempotency: submission.idempotency(spec) } : {}),
    });
    deps.failpoint?.('job-recorded');
    metrics.jobsAccepted.inc({ lane: spec.lane, via: submission.via });
    metrics.stageSeconds.observe({ stage: 'upload', lane: spec.lane }, spec.uploadSeconds);
    const task = {
      v: 1 as const,
      jobId: spec.id,
      stage: 'preprocess' as const,
      lane: spec.lane,
      traceparent: spec.traceparent,
      enqueuedAtMs: now(),
    };
    // Accepted is accepted: when the queue does not answer now, the keeper adds the task from the outbox.
    await queues.enqueue(task, { generation: 0 }).catch(() => undefined);
    deps.failpoint?.('task-added');
    return spec;
  }
}

function buildSpec(submission: Submission, { models, policy }: SubmitDeps, createdAtMs: number): JobSpec {
  const { fields, source } = submission;
  const model = requireModel(models, fields.model, policy.defaultModel);
  const retention = fields.retentionSeconds ?? policy.retentionSeconds;
  // A job cannot outlive its data.
  const deadline = Math.min(fields.deadlineSeconds ?? policy.deadlineSeconds[fields.lane], retention);
  return {
    v: 1,
    id: submission.id,
    tenant: submission.principal.tenant,
    lane: fields.lane,
    model: model.card.id,
    modelDigest: model.modelDigest,
    featureDigest: model.featureDigest,
    features: model.card.features,
    name: fields.name ?? submission.name,
    source,
    createdAtMs,
    deadlineAtMs: createdAtMs + deadline * 1000,
    expiresAtMs: createdAtMs + retention * 1000,
    estimatedSeconds: estimateSeconds(source.bytes),
    uploadSeconds: submission.uploadSeconds,
    traceparent: submission.traceparent,
    ...(submission.retryOf ? { retryOf: submission.retryOf } : {}),
    ...(fields.webhookUrl === undefined ? {} : { webhookUrl: fields.webhookUrl }),
  };
}

/** The named model; without a name the preferred one, or the first of the catalog where that is not installed. */
export function requireModel(models: ModelCatalog, id: string | undefined, preferred?: string): LoadedCard {
  const fallback = (preferred === undefined ? undefined : models.get(preferred)) ?? models.list()[0];
  const model = id === undefined ? fallback : models.get(id);
  if (model) return model;
  if (id === undefined) throw new AppError('model_unavailable', { detail: 'no model is installed' });
  throw new AppError('model_not_found', { details: { models: models.list().map(({ card }) => card.id) } });
}

/** Backlog needs seconds before anything is decoded: CD-quality stereo bytes, off by the codec's ratio at worst. */
function estimateSeconds(bytes: number | undefined): number {
  return bytes === undefined ? 10 : bytes / (44_100 * 2 * 2);
}
