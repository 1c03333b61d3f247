import { gatewaySchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createKeyStore } from '@timbre/shared/auth/api-keys';
import { bindProcess, createLifecycle } from '@timbre/shared/lifecycle';
import { createModelCatalog } from '@timbre/shared/models/model-catalog';
import { createPublicFetch } from '@timbre/shared/net/public-fetch';
import { startAdminServer } from '@timbre/shared/observability/admin-server';
import { createLogger, secretsOfUrl } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { openTracing } from '@timbre/shared/observability/tracing';
import { watchEventLoop } from '@timbre/shared/observability/event-loop-watch';
import { createBatchLedger } from '@timbre/shared/batch/batch-ledger';
import { createBatchWatch } from '@timbre/shared/batch/batch-watch';
import { createFeeder } from '@timbre/shared/batch/feeder';
import { createSliceDirectory } from '@timbre/shared/batch/slice-directory';
import { createJobEvents } from '@timbre/shared/queue/job-events';
import { createExclusiveLocks } from '@timbre/shared/queue/exclusive-locks';
import { createFailureLog } from '@timbre/shared/queue/failure-log';
import { keepReporting } from '@timbre/shared/queue/process-reports';
import { createKeeper } from '@timbre/shared/queue/keeper';
import { createLedger } from '@timbre/shared/queue/ledger';
import { ledgerKeys } from '@timbre/shared/queue/ledger-keys';
import { createRedis, readRedisMemory, withRedisDeadline } from '@timbre/shared/queue/redis-connection';
import { createTaskQueues } from '@timbre/shared/queue/task-queues';
import { openImportStores } from '@timbre/shared/storage/open-import-stores';
import { createObjectStore } from '@timbre/shared/storage/create-object-store';
import { createFaultHooks } from '@timbre/shared/testing/fault-hooks';
import { createApp } from './app.js';
import { createAcceptBatch } from './batches/accept-batch.js';
import { createBatchReader } from './batches/batch-reader.js';
import { requireSafeAuth } from './auth-mode.js';
import { createAcceptClip } from './jobs/accept-clip.js';
import { copySource } from './jobs/copy-source.js';
import { createJobContent } from './jobs/job-content.js';
import { createJobReader } from './jobs/job-reader.js';
import { createSubmitJob } from './jobs/submit-job.js';
import { runKeeper, sweepAbandonedUploads } from './keeper-loop.js';
import { createAuthFailureLimit } from './limits/auth-failure-limit.js';
import { createRateLimit } from './limits/rate-limit.js';
import { createAdmission } from './limits/admission.js';
import { createTenantQuota } from './limits/tenant-quota.js';
import { limitsView } from './limits/limits-view.js';
import { buildOpenApiDocument } from './openapi/document.js';
import { registerQueueMetrics } from './queue-metrics.js';
import { createReadiness } from './readiness.js';
import { documentRoutes } from './routes/documents.js';
import { queuesBoard } from './routes/queues-board.js';
import { startPublicServer } from './http/public-server.js';
import { ensureSigningSecret } from './signing-secret.js';
import { createResumableUploads } from './uploads/resumable-uploads.js';
import { createSavedTakes } from './stream/saved-takes.js';
import { createStreamSessions } from './stream/stream-sessions.js';
import { maxWavDataBytes, wavHeaderBytes } from '@timbre/shared/wav-header';
import { createWindowJobs } from './stream/window-jobs.js';
import { createWebhooks } from './webhooks/create-webhooks.js';
import { version } from '@timbre/shared/version';

const config = loadConfigOrExit(gatewaySchema, process.env);
const log = createLogger({
  service: 'gateway',
  level: config.LOG_LEVEL,
  secrets: [...secretsOfUrl(config.REDIS_URL), ...secretsOfUrl(config.OBJECT_STORE_URL)],
});
const lifecycle = createLifecycle({ log, drainTimeoutMs: config.DRAIN_TIMEOUT_MS });
bindProcess(lifecycle, log);
const tracing = await openTracing({ service: 'gateway', version, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
lifecycle.onStop('tracing', () => tracing.close());
const metrics = createMetrics('gateway');
const loop = watchEventLoop(metrics);
lifecycle.onStop('event loop watch', () => loop.stop());

const usesFiles = config.OBJECT_STORE_URL === undefined || config.OBJECT_STORE_URL.startsWith('file:');
const signingSecret = usesFiles ? (config.URL_SIGNING_SECRET ?? ensureSigningSecret(config.DATA_DIR)) : undefined;
const publicUrl = config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`;
const store = createObjectStore({
  url: config.OBJECT_STORE_URL,
  dataDir: config.DATA_DIR,
  signingSecret,
  publicBaseUrl: publicUrl,
});
lifecycle.onStop('object store', () => store.close());
const keys = createKeyStore(store, { cacheMs: 5000 });
const authMode = await requireSafeAuth(config, keys);

const redis = createRedis(config.REDIS_URL, 'call', log);
const subscriber = createRedis(config.REDIS_URL, 'subscriber', log);
lifecycle.onStop('redis', () => {
  redis.disconnect();
  subscriber.disconnect();
});
const ledger = createLedger(redis);
const queues = createTaskQueues(redis);
lifecycle.onStop('queues', () => queues.close());
registerQueueMetrics({ metrics, redis, ledger, queues });

const models = createModelCatalog({ url: config.MODELS_URL, store, log });
await models.refresh();
const modelWatch = models.watch(5000, () => undefined);
lifecycle.onStop('model watch', () => modelWatch.stop());

const events = createJobEvents(subscriber);
const batches = createBatchLedger(redis);
const batchReader = createBatchReader({ redis, batches, store });
const reader = createJobReader(ledger, store, (principal, id, index) => batchReader.jobView(principal, id, index));
const streams = createTenantQuota({ limit: config.MAX_STREAMS_PER_TENANT, what: 'streams' });
const faults = createFaultHooks(config.TIMBRE_TEST_FAULTS);
const submit = createSubmitJob({
  failpoint: (point) => faults.at(point),
  ledger,
  queues,
  store,
  models,
  metrics,
  policy: {
    maxBacklogJobs: config.MAX_BACKLOG_JOBS,
    retentionSeconds: config.RETENTION_SECONDS,
    deadlineSeconds: { interactive: config.DEADLINE_INTERACTIVE_SECONDS, bulk: config.DEADLINE_BULK_SECONDS },
    defaultModel: config.DEFAULT_MODEL,
  },
});
const uploadQuota = createTenantQuota({ limit: config.MAX_UPLOADS_PER_TENANT, what: 'uploads' });
const locks = createExclusiveLocks(redis, subscriber);
const isKeptUpload = async ({ tenant, id }: { tenant: string; id: string }): Promise<boolean> =>
  (await withRedisDeadline(redis.hexists(ledgerKeys.keptUploads, `${tenant}/${id}`))) === 1;
const admission = createAdmission({
  ledger,
  redisMemory: () => readRedisMemory(redis),
  maxBacklogJobs: config.MAX_BACKLOG_JOBS,
  maxMemoryRatio: config.MAX_REDIS_MEMORY_RATIO,
  draining: () => lifecycle.draining,
});
const publicFetch = createPublicFetch({
  allowPrivate: config.ALLOW_PRIVATE_URLS,
  maxBytes: config.MAX_FILE_BYTES,
  totalTimeoutMs: 600_000,
});
const accept = createAcceptClip({
  ledger,
  store,
  submit,
  models,
  metrics,
  admission,
  uploads: uploadQuota,
  publicFetch,
  maxFileBytes: config.MAX_FILE_BYTES,
  minUploadBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
});
const directory = createSliceDirectory(store, batches);
const importStores = openImportStores(config.IMPORT_URLS);
for (const imported of importStores) lifecycle.onStop('import store', () => imported.close());
const acceptBatch = createAcceptBatch({
  ...{ batches, ledger, queues, store, importStores, models, metrics, admission, publicFetch },
  uploads: uploadQuota,
  policy: {
    maxLiveBatches: config.MAX_LIVE_BATCHES,
    maxArchiveBytes: config.MAX_ARCHIVE_BYTES,
    minUploadBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
    retentionSeconds: config.RETENTION_SECONDS,
    deadlineSeconds: config.BATCH_DEADLINE_SECONDS,
    defaultModel: config.DEFAULT_MODEL,
  },
  keepUpload: async ({ tenant, id }, untilMs) => {
    await withRedisDeadline(redis.hset(ledgerKeys.keptUploads, `${tenant}/${id}`, untilMs));
  },
  failpoint: (point) => faults.at(point),
});
const hooks = createWebhooks({
  redis,
  ledger,
  store,
  locks,
  publicUrl,
  allowPrivate: config.ALLOW_PRIVATE_URLS,
  retrySeconds: config.WEBHOOK_RETRY_SECONDS,
  failpoint: (point) => faults.at(point),
});
const takes = createSavedTakes({ redis, store, submit, log });
const sessions = createStreamSessions({
  ...{ models, takes, metrics },
  runWindow: createWindowJobs({ ledger, events, queues, store, metrics, maxBacklogJobs: config.MAX_BACKLOG_JOBS }),
  policy: {
    hopSeconds: config.STREAM_HOP_MS / 1000,
    windowsInFlight: config.STREAM_WINDOWS_IN_FLIGHT,
    maxSeconds: Math.min(config.MAX_STREAM_SECONDS, config.MAX_DURATION_SECONDS),
    maxTakeBytes: Math.min(config.MAX_FILE_BYTES - wavHeaderBytes, maxWavDataBytes),
  },
  defaultModel: config.DEFAULT_MODEL,
  maxPerTenant: config.MAX_STREAM_SESSIONS_PER_TENANT,
  maxInAll: config.MAX_STREAM_SESSIONS,
  maxMessageBytes: config.MAX_STREAM_MESSAGE_BYTES,
  idleSeconds: config.STREAM_IDLE_SECONDS,
  draining: () => lifecycle.draining,
});
const readiness = createReadiness({ redis, store, models, loop, draining: () => lifecycle.draining });

/** Names the gateway goes by; without keys it answers to no others, so that no page gets in by DNS. */
const hosts = config.AUTH_ALLOW_OPEN ? null : [config.HOST, config.ADMIN_HOST, new URL(publicUrl).hostname];

const app = createApp({
  log,
  metrics,
  tracing,
  store,
  models,
  keys,
  jobs: {
    ledger,
    events,
    accept,
    submit,
    reader,
    streams,
    metrics,
    recordSeconds: config.RECORD_SECONDS,
    copySource: (from, jobId) => copySource(store, from, jobId),
  },
  admin: { redis, ledger, queues, failures: createFailureLog(redis) },
  jobContent: createJobContent({
    ...{ store, batches, importStores, reader, batchReader },
    maxFileBytes: config.MAX_FILE_BYTES,
  }),
  classify: { ledger, events, accept, reader, streams, metrics },
  batches: {
    ...{ redis, batches, store, models, streams, metrics },
    accept: acceptBatch,
    reader: batchReader,
    watch: createBatchWatch(subscriber, batches),
    retrySeconds: config.BATCH_DEADLINE_SECONDS,
  },
  webhooks: hooks.routes,
  sessions,
  resumable: { uploads: createResumableUploads({ store, locks, isKept: isKeptUpload }), quota: uploadQuota },
  readiness,
  authFailureLimit: createAuthFailureLimit(),
  rateLimit: createRateLimit({ perSecond: config.RATE_LIMIT_PER_SECOND, burst: config.RATE_LIMIT_BURST }),
  documents: documentRoutes({ document: buildOpenApiDocument({ serverUrl: publicUrl, version }) }),
  settings: {
    authMode,
    hosts,
    trustProxy: config.TRUST_PROXY,
    corsOrigins: (config.CORS_ORIGINS ?? '').split(',').flatMap((origin) => origin.trim() || []),
    defaultModel: config.DEFAULT_MODEL,
    maxFileBytes: config.MAX_FILE_BYTES,
    maxUploadBytes: config.MAX_UPLOAD_BYTES,
    minUploadBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
    signingSecret,
    clipSeconds: config.RETENTION_SECONDS,
    limits: limitsView(config),
  },
});

const keeper = createKeeper({
  ...{ redis, ledger, batches, directory, queues, store, metrics, log },
  recordSeconds: config.RECORD_SECONDS,
  tensorSeconds: config.TENSOR_SECONDS,
  clipSeconds: config.RETENTION_SECONDS,
});
const keeping = runKeeper(keeper, config.SWEEP_INTERVAL_MS, log);
lifecycle.onStop('keeper', () => keeping.stop());
const feeding = createFeeder({
  ...{ redis, subscriber, batches, queues, directory, log },
  maxWaiting: config.FEED_MAX_WAITING,
}).run();
lifecycle.onStop('feeder', () => feeding.stop());
const storeSweep = sweepAbandonedUploads(store, log);
lifecycle.onStop('store sweep', () => storeSweep.stop());

const rescuing = takes.keepRescuing();
lifecycle.onStop('take rescue', () => rescuing.stop());

const sending = hooks.start(metrics, log);
lifecycle.onStop('webhooks', () => sending.stop());

const board = queuesBoard(queues, { mode: authMode, keys, hosts });
const admin = await startAdminServer({
  host: config.ADMIN_HOST,
  port: config.ADMIN_PORT ?? config.PORT + 1,
  metrics,
  readiness,
  extra: (request, response) => {
    if (!request.url?.startsWith('/queues')) return false;
    board(request, response);
    return true;
  },
});
lifecycle.onStop('admin listener', () => admin.close());
const adminUrl = `http://${config.ADMIN_HOST}:${admin.port}`;
const reporting = keepReporting({ redis, service: 'gateway', metrics, adminUrl });
lifecycle.onStop('process report', () => reporting.stop());

const server = await startPublicServer(app, { host: config.HOST, port: config.PORT });
lifecycle.onStop('public listener', () => server.close(Math.min(10_000, config.DRAIN_TIMEOUT_MS / 2)));
lifecycle.onStop('live sessions', () => sessions.close());
log.info({ url: publicUrl, port: server.port, adminPort: admin.port, auth: authMode }, 'serving');
