/** Wiring that preprocess and worker share: connections, ledger, consumer, admin listener, drain. */
import { AppError } from '../errors.js';
import type { StageName } from '../contracts/pipeline.js';
import { version } from '../version.js';
import { createFaultHooks } from '../testing/fault-hooks.js';
import { createLifecycle, bindProcess, type Lifecycle } from '../lifecycle.js';
import { createLogger, secretsOfUrl, type Logger } from '../observability/logger.js';
import { createMetrics, type Metrics } from '../observability/metrics.js';
import { openTracing } from '../observability/tracing.js';
import { startAdminServer } from '../observability/admin-server.js';
import { createBusyClock } from '../observability/busy-clock.js';
import { watchEventLoop } from '../observability/event-loop-watch.js';
import { createObjectStore } from '../storage/create-object-store.js';
import type { ObjectStore } from '../storage/object-store.js';
import { createBatchLedger, type BatchLedger } from '../batch/batch-ledger.js';
import { createSliceRunner, type SliceHandler } from '../batch/slice-runner.js';
import { createCancelBus } from './cancel-bus.js';
import { createExpandConsumer, type ExpandHandler } from './expand-consumer.js';
import { createFailureLog } from './failure-log.js';
import { keepHeartbeat } from './heartbeat.js';
import { createLedger } from './ledger.js';
import { createRedis, type Redis } from './redis-connection.js';
import { keepReporting } from './process-reports.js';
import { createStageConsumer } from './stage-consumer.js';
import { createStageRunner, type StageHandler } from './stage-runner.js';
import { createTaskQueues } from './task-queues.js';

export interface StageServiceConfig {
  ADMIN_HOST: string;
  DATA_DIR: string;
  REDIS_URL: string;
  OBJECT_STORE_URL?: string | undefined;
  ADMIN_PORT?: number | undefined;
  LOG_LEVEL: string;
  DRAIN_TIMEOUT_MS: number;
  CONCURRENCY_INTERACTIVE: number;
  CONCURRENCY_BULK: number;
  RECORD_SECONDS: number;
  TIMBRE_TEST_FAULTS?: string | undefined;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
}

export interface StageParts {
  log: Logger;
  metrics: Metrics;
  store: ObjectStore;
  lifecycle: Lifecycle;
  batches: BatchLedger;
  redis: Redis;
  /** Called before the work on one clip of a slice; tests order faults there. */
  onClip: (name: string) => Promise<void>;
}

export interface StageWork {
  handler: StageHandler;
  sliceHandler: SliceHandler;
  /** Reads the sources of batches; the preprocess service has it. */
  expand?: ExpandHandler;
  ready?: () => string | undefined;
}

export interface StageServiceOptions {
  service: string;
  stage: StageName;
  config: StageServiceConfig;
  defaultAdminPort: number;
  /** Builds the handler; resolves when the service can take work. Releases go through `parts.lifecycle`. */
  prepare: (parts: StageParts) => Promise<StageWork>;
}

/** Starts a stage's process; it ends by signal. */
export async function startStageService(options: StageServiceOptions): Promise<void> {
  const { service, stage, config } = options;
  const log = createLogger({
    service,
    level: config.LOG_LEVEL,
    secrets: [...secretsOfUrl(config.REDIS_URL), ...secretsOfUrl(config.OBJECT_STORE_URL)],
  });
  const lifecycle = createLifecycle({ log, drainTimeoutMs: config.DRAIN_TIMEOUT_MS });
  bindProcess(lifecycle, log);
  const tracing = await openTracing({ service, version, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  lifecycle.onStop('tracing', () => tracing.close());
  const metrics = createMetrics(service);
  const loop = watchEventLoop(metrics);
  lifecycle.onStop('event loop watch', () => loop.stop());

  let notReady: () => string | undefined = () => 'starting';
  const redis = createRedis(config.REDIS_URL, 'call', log);
  const admin = await startAdminServer({
    host: config.ADMIN_HOST,
    port: config.ADMIN_PORT ?? options.defaultAdminPort,
    metrics,
    readiness: () => {
      const checks = {
        service: notReady() ?? (lifecycle.draining ? 'draining' : 'ok'),
        redis: redis.status === 'ready' ? 'ok' : redis.status,
        eventLoop: loop.lagSeconds() < 1 ? 'ok' : `lags ${loop.lagSeconds().toFixed(1)} s`,
      };
      return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
    },
  });
  lifecycle.onStop('admin listener', () => admin.close());

  const subscriber = createRedis(config.REDIS_URL, 'subscriber', log);
  const store = createObjectStore({ url: config.OBJECT_STORE_URL, dataDir: config.DATA_DIR });
  lifecycle.onStop('object store', () => store.close());
  const ledger = createLedger(redis);
  const queues = createTaskQueues(redis);
  lifecycle.onStop('redis', () => {
    redis.disconnect();
    subscriber.disconnect();
  });
  lifecycle.onStop('queues', () => queues.close());
  const cancels = await createCancelBus(subscriber);
  const batches = createBatchLedger(redis);
  const faults = createFaultHooks(config.TIMBRE_TEST_FAULTS);
  const onClip = (name: string) => faults.clip(name);
  const work = await options.prepare({ log, metrics, store, lifecycle, batches, redis, onClip });

  const runner = {
    failures: createFailureLog(redis),
    ledger,
    batches,
    queues,
    cancels,
    store,
    metrics,
    log,
    tracing,
    recordSeconds: config.RECORD_SECONDS,
  };
  const runJob = createStageRunner(stage, faults.wrap(work.handler), runner);
  const runSlice = createSliceRunner(stage, work.sliceHandler, runner);
  const busy = createBusyClock(metrics, stage);
  const run = (payload: unknown, quarantine: boolean) =>
    busy.during(() => (isSlice(payload) ? runSlice(payload, quarantine) : runJob(payload, quarantine)));
  const consumer = createStageConsumer({
    stage,
    run: (payload, quarantine) =>
      lifecycle.draining ? Promise.reject(new AppError('shutting_down')) : run(payload, quarantine),
    connection: redis,
    ledger,
    batches,
    cancels,
    concurrency: { interactive: config.CONCURRENCY_INTERACTIVE, bulk: config.CONCURRENCY_BULK },
    log,
  });
  lifecycle.onStop('consumer', async () => {
    // What cannot finish in time is given back, so that it does not count as a death of this process.
    const giveBack = setTimeout(() => cancels.abortAll(new AppError('shutting_down')), config.DRAIN_TIMEOUT_MS * 0.8);
    await consumer.drain();
    clearTimeout(giveBack);
  });
  consumer.start();
  if (work.expand) {
    const expanding = createExpandConsumer({ handler: work.expand, batches, cancels, connection: redis, log, tracing });
    lifecycle.onStop('expand consumer', () => expanding.drain());
    expanding.start();
  }
  notReady = work.ready ?? (() => undefined);
  const adminUrl = `http://${config.ADMIN_HOST}:${admin.port}`;
  const reporting = keepReporting({ redis, service, metrics, adminUrl });
  lifecycle.onStop('process report', () => reporting.stop());
  const heartbeat = keepHeartbeat(redis, stage);
  lifecycle.onStop('heartbeat', () => heartbeat.stop());
  log.info({ adminPort: admin.port, stage }, 'serving');
}

/** Slices and jobs share the queues of the bulk lane. */
const isSlice = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'kind' in payload && payload.kind === 'slice';
