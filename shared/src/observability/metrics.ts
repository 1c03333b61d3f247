/**
 * Prometheus metrics of all services, in one place so names, units and labels cannot drift. Names start with `timbre_`;
 * label values are bounded (stages, lanes, codes, models, labels), never an id, a tenant or a file.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export const stageLabels = [
  'upload',
  'wait',
  'decode',
  'features',
  'storePut',
  'storeGet',
  'inferWait',
  'infer',
  'deliver',
] as const;
export type StageLabel = (typeof stageLabels)[number];

export type Metrics = ReturnType<typeof createMetrics>;

/** One registry per process; `service` is attached to every series. */
export function createMetrics(service: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: 'timbre_' });
  const registers = [registry];
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets = latencyBuckets) =>
    new Histogram({ name: `timbre_${name}`, help, labelNames, buckets, registers });
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    collect?: () => Promise<void> | void,
  ) => new Counter({ name: `timbre_${name}`, help, labelNames, registers, ...(collect ? { collect } : {}) });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[], collect?: () => Promise<void> | void) =>
    new Gauge({ name: `timbre_${name}`, help, labelNames, registers, ...(collect ? { collect } : {}) });

  return {
    registry,
    httpSeconds: histogram('http_request_duration_seconds', 'HTTP requests by route and status.', [
      'method',
      'route',
      'status',
    ]),
    stageSeconds: histogram('stage_duration_seconds', 'Time clips spend in each part of the pipeline.', [
      'stage',
      'lane',
    ]),
    taskSeconds: histogram('task_duration_seconds', 'One attempt of a task, by outcome.', ['stage', 'lane', 'outcome']),
    endToEndSeconds: histogram('job_end_to_end_seconds', 'From acceptance to the end of the job.', ['lane', 'state']),
    jobsAccepted: counter('jobs_accepted_total', 'Jobs accepted.', ['lane', 'via']),
    batchesAccepted: counter('batches_accepted_total', 'Batches accepted, by what they are read from.', ['source']),
    jobsFinished: counter('jobs_finished_total', 'Jobs that reached a terminal state.', ['lane', 'state']),
    jobFailures: counter('job_failures_total', 'Failed jobs by error code.', ['code']),
    decisions: counter('decisions_total', 'Decisions by model and label.', ['model', 'label']),
    clipsProcessed: counter('clips_processed_total', 'Clips a stage finished.', ['stage', 'lane']),
    audioSeconds: counter('audio_seconds_processed_total', 'Seconds of audio a stage finished.', ['stage', 'lane']),
    taskRetries: counter('task_retries_total', 'Attempts that will be repeated, by reason.', ['stage', 'code']),
    tasksDropped: counter('tasks_dropped_total', 'Deliveries that had nothing left to do.', ['stage', 'reason']),
    deaths: counter('task_process_deaths_total', 'Attempts whose process vanished.', ['stage']),
    requestsRejected: counter('requests_rejected_total', 'Requests refused, by error code.', ['code']),
    cacheHits: counter('cache_hits_total', 'Clips not computed again: `result` known, or `tensors` kept.', ['kind']),
    uploadBytes: counter('upload_bytes_total', 'Bytes received in uploads.', ['via']),
    batchWindows: histogram(
      'batch_windows',
      'Windows in one ONNX run.',
      ['model'],
      [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    ),
    batchReleases: counter('batch_releases_total', 'ONNX runs by the reason that released them.', ['model', 'reason']),
    modelLoaded: gauge('model_loaded', '1 when the model serves, 0 when its last load failed and none serves.', [
      'model',
      'provider',
    ]),
    modelLoadFailures: counter('model_load_failures_total', 'Model folders refused or failing to load.', ['model']),
    streamsOpen: gauge('streams_open', 'Open event streams and held requests.', ['kind']),
    streamWindows: counter('stream_windows_total', 'Windows of live sessions: answered, failed, skipped.', ['outcome']),
    streamWindowSeconds: histogram(
      'stream_window_latency_seconds',
      'From the last sample of a window of a live session to its answer.',
      [],
    ),
    streamSessions: counter('stream_sessions_total', 'Live sessions that ended, and how.', ['end']),
    counter,
    gauge,
    histogram,
  };
}

/** Observes how long the work of a stage takes, when it succeeds. */
export async function timeStage<T>(
  metrics: Metrics,
  place: { stage: StageLabel; lane: string },
  work: Promise<T>,
): Promise<T> {
  const from = performance.now();
  const value = await work;
  observeStage(metrics, place.stage, place.lane, (performance.now() - from) / 1000);
  return value;
}

/** Observes `seconds` of a stage. */
export function observeStage(metrics: Metrics, stage: StageLabel, lane: string, seconds: number): void {
  metrics.stageSeconds.observe({ stage, lane }, seconds);
}
