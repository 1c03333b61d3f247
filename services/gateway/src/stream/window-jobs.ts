/**
 * One window of a live stream through the pipeline: an interactive job like any other for the stages, but fleeting: volatile
 * storage, no list, no archive, and gone with its data as soon as it is answered. What a gateway that dies leaves behind is
 * deleted by the keeper when the job's two minutes are over.
 */
import type { JobSpec, JobView } from '@timbre/shared/contracts/job';
import { AppError } from '@timbre/shared/errors';
import type { LoadedCard } from '@timbre/shared/models/model-catalog';
import { childTraceparent } from '@timbre/shared/observability/traceparent';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { Ledger } from '@timbre/shared/queue/ledger';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';
import { audioKey, fleetingPackKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { newJobId } from '../jobs/submit-job.js';
import { watchJob, type WatchDeps } from '../jobs/watch-job.js';

export interface WindowJobsDeps extends WatchDeps {
  ledger: Ledger;
  queues: TaskQueues;
  store: ObjectStore;
  metrics: Metrics;
  maxBacklogJobs: number;
  now?: () => number;
}

export interface WindowClip {
  tenant: string;
  model: LoadedCard;
  wav: Buffer;
  seconds: number;
  traceparent: string;
}

/** The finished job. @throws AppError what kept it from being submitted; the reason of the signal */
export type RunWindow = (clip: WindowClip, signal: AbortSignal) => Promise<JobView>;

const deadlineMs = 15_000;
const expiryMs = 120_000;

export function createWindowJobs(deps: WindowJobsDeps): RunWindow {
  const { ledger, queues, store, metrics } = deps;
  const now = deps.now ?? Date.now;

  const drop = async (spec: JobSpec): Promise<void> => {
    await Promise.allSettled([ledger.drop(spec), store.delete(spec.source.key), store.delete(fleetingPackKey(spec))]);
  };

  return async (clip, signal) => {
    const spec = specOf(clip, now());
    let recorded = false;
    let ended: JobView | undefined;
    const over = new AbortController();
    // Subscribed while the audio is being stored, so that no message is missed and nothing waits for it.
    const watching = watchJob(spec.id, deps, {
      afterSeq: 0,
      signal: AbortSignal.any([signal, over.signal]),
      isRecorded: () => recorded,
      onEvent: ({ job }) => void (ended = job ?? ended),
    });
    watching.catch(() => undefined);
    try {
      await store.put(spec.source.key, clip.wav, { durability: 'volatile', signal });
      await ledger.submit(spec, { maxLive: deps.maxBacklogJobs });
      recorded = true;
      metrics.jobsAccepted.inc({ lane: spec.lane, via: 'stream' });
      // When the queue does not answer now, the keeper adds the task.
      await queues.enqueue(taskOf(spec, now()), { generation: 0 }).catch(() => undefined);
      await watching;
      signal.throwIfAborted();
      if (!ended) throw new AppError('dependency_unavailable', { detail: 'the window was lost' });
      return ended;
    } finally {
      over.abort();
      // Nobody waits for it.
      void drop(spec);
    }
  };
}

function specOf({ tenant, model, wav, seconds, traceparent }: WindowClip, createdAtMs: number): JobSpec {
  const id = newJobId();
  return {
    v: 1,
    id,
    tenant,
    lane: 'interactive',
    model: model.card.id,
    modelDigest: model.modelDigest,
    featureDigest: model.featureDigest,
    features: model.card.features,
    name: 'window',
    source: { key: audioKey({ tenant, id }), bytes: wav.length },
    createdAtMs,
    deadlineAtMs: createdAtMs + deadlineMs,
    expiresAtMs: createdAtMs + expiryMs,
    estimatedSeconds: seconds,
    uploadSeconds: 0,
    traceparent: childTraceparent(traceparent),
    fleeting: true,
  };
}

const taskOf = (spec: JobSpec, enqueuedAtMs: number) => ({
  v: 1 as const,
  jobId: spec.id,
  stage: 'preprocess' as const,
  lane: spec.lane,
  traceparent: spec.traceparent,
  enqueuedAtMs,
});
