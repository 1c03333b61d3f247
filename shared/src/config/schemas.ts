/**
 * Every environment variable of every process, with unit, default and meaning. `.env.example` is checked against this
 * file. The same names mean the same on a laptop, in compose and in Kubernetes.
 */
import { z } from 'zod';

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const port = count(0, 65535);
const MIB = 1024 * 1024;

export const commonShape = {
  HOST: z.string().default('127.0.0.1').describe('Address the public listener binds to.'),
  DATA_DIR: z.string().default('./data').describe('Folder of the embedded Redis and the file object store.'),
  REDIS_URL: z
    .string()
    .default('redis://127.0.0.1:6379')
    .describe('Redis or Valkey; unset: `npm start` runs one in DATA_DIR.'),
  OBJECT_STORE_URL: z
    .string()
    .optional()
    .describe('Unset: files under DATA_DIR. Else `s3://key:secret@host:port/bucket?tls=false`.'),
  MODELS_URL: z
    .string()
    .default('models')
    .describe('Folder with `<id>/model.onnx` and `model.json`, or `store:<prefix>` in the object store.'),
  ADMIN_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address the admin listener binds to, whatever HOST is; `0.0.0.0` where Prometheus asks from elsewhere.'),
  ADMIN_PORT: port.optional().describe('Port of the admin listener (metrics, health); default PORT+1 in the gateway.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe log level.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe('Receiver of traces, OTLP over HTTP, as `http://collector:4318`; unset: no tracing.'),
  TIMBRE_TEST_FAULTS: z
    .string()
    .optional()
    .describe('Faults on order, for tests only (shared/src/testing/fault-hooks.ts).'),
  DRAIN_TIMEOUT_MS: count(0, 600_000)
    .default(30_000)
    .describe('Milliseconds a process may take to finish its work after SIGTERM.'),
};

const clipLimitShape = {
  MAX_FILE_BYTES: count(1, 64 * 1024 * MIB)
    .default(200 * MIB)
    .describe('Largest clip in bytes.'),
  MAX_DURATION_SECONDS: count(1, 86_400).default(3600).describe('Longest clip in seconds.'),
};

/** Read by the gateway, which accepts prefixes, and by preprocess, which reads them; both need the same value. */
const importShape = {
  IMPORT_URLS: z
    .string()
    .optional()
    .describe(
      'Places batches may be read from by prefix, comma-separated: `file:///folder`, `s3://key:secret@host/bucket`.',
    ),
};

/** As above: the gateway only tells it. */
const batchLimitShape = {
  MAX_BATCH_CLIPS: count(1, 10_000_000).default(1_000_000).describe('Clips in one batch.'),
};

const recordShape = {
  RECORD_SECONDS: count(1, 31_536_000)
    .default(86_400)
    .describe('Seconds a finished job stays in Redis; later it is read from the object store.'),
};

export const gatewaySchema = z.object({
  ...commonShape,
  ...clipLimitShape,
  ...recordShape,
  ...importShape,
  ...batchLimitShape,
  MAX_LIVE_BATCHES: count(1, 1_000_000)
    .default(1000)
    .describe('Unfinished batches in all, above which new ones get 503.'),
  MAX_ARCHIVE_BYTES: count(1, 64 * 1024 * 1024 * MIB)
    .default(64 * 1024 * MIB)
    .describe('Largest archive or manifest in bytes.'),
  BATCH_DEADLINE_SECONDS: count(1, 2_592_000).default(604_800).describe('Default deadline of batches.'),
  FEED_MAX_WAITING: count(1, 10_000)
    .default(512)
    .describe('Slices of batches that wait in a queue at most; the rest waits in manifests.'),
  PORT: port.default(8080).describe('Public HTTP port.'),
  PUBLIC_URL: z
    .url()
    .optional()
    .describe('Address clients reach the gateway at, for signed URLs; default http://HOST:PORT.'),
  AUTH: z
    .enum(['keys', 'none'])
    .optional()
    .describe('`keys`: API keys; `none`: open, loopback only. Default: none on loopback, keys elsewhere.'),
  AUTH_ALLOW_OPEN: flag.default(false).describe('Permit AUTH=none on an address that is not loopback.'),
  TRUST_PROXY: z.string().optional().describe('Express `trust proxy`: hop count or addresses in front of the gateway.'),
  CORS_ORIGINS: z.string().optional().describe('Comma-separated origins browsers may call from; default none.'),
  URL_SIGNING_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('Secret that signs upload URLs of the file object store; default: made once, kept in DATA_DIR.'),
  DEFAULT_MODEL: z
    .string()
    .default('timbre-s')
    .describe('Model used when a request names none; where it is not installed, the first by name.'),
  RATE_LIMIT_PER_SECOND: count(1, 1_000_000).default(100).describe('Requests per second for one key (or address).'),
  RATE_LIMIT_BURST: count(1, 1_000_000).default(200).describe('Requests one key may send at once.'),
  MAX_BACKLOG_JOBS: count(1, 10_000_000)
    .default(20_000)
    .describe('Unfinished jobs above which new ones get 503 `queue_full`.'),
  MAX_REDIS_MEMORY_RATIO: z.coerce
    .number()
    .min(0.1)
    .max(1)
    .default(0.7)
    .describe('Share of Redis maxmemory above which new jobs get 503.'),
  MAX_UPLOADS_PER_TENANT: count(1, 100_000).default(32).describe('Uploads one tenant may have in flight.'),
  MAX_UPLOAD_BYTES: count(1, 1024 * 1024 * MIB)
    .default(64 * 1024 * MIB)
    .describe('Largest resumable upload in bytes; an archive may be that large, a clip MAX_FILE_BYTES.'),
  MAX_STREAMS_PER_TENANT: count(1, 100_000)
    .default(100)
    .describe('Event streams and held requests one tenant may have open.'),
  MAX_STREAM_SESSIONS_PER_TENANT: count(1, 100_000)
    .default(8)
    .describe('Live audio sessions (`WS /v1/stream`) one tenant may have open in one gateway.'),
  MAX_STREAM_SESSIONS: count(1, 100_000).default(64).describe('Live audio sessions in one gateway in all.'),
  MAX_STREAM_SECONDS: count(1, 86_400).default(3600).describe('Seconds of audio one live session may send.'),
  MAX_STREAM_MESSAGE_BYTES: count(1024, 64 * MIB)
    .default(MIB)
    .describe('Largest message of a live session in bytes.'),
  STREAM_IDLE_SECONDS: count(1, 3600).default(30).describe('Seconds without audio after which a live session ends.'),
  STREAM_HOP_MS: count(100, 60_000)
    .default(500)
    .describe('Milliseconds between windows of a live session; a model with a shorter hop of its own keeps it.'),
  STREAM_WINDOWS_IN_FLIGHT: count(1, 64)
    .default(4)
    .describe('Windows of one live session at work at once; further ones are skipped, or wait when the sender can.'),
  MIN_UPLOAD_BYTES_PER_SECOND: count(0, 1e9)
    .default(1024)
    .describe('Slower uploads (averaged over 10 s) are cut with 408.'),
  RETENTION_SECONDS: count(60, 31_536_000)
    .default(2_592_000)
    .describe('Seconds a job, its audio and its result are kept.'),
  TENSOR_SECONDS: count(60, 31_536_000).default(86_400).describe('Seconds a tensor pack is kept in the object store.'),
  DEADLINE_INTERACTIVE_SECONDS: count(1, 604_800).default(600).describe('Default deadline of interactive jobs.'),
  DEADLINE_BULK_SECONDS: count(1, 604_800).default(86_400).describe('Default deadline of bulk jobs.'),
  ALLOW_PRIVATE_URLS: flag
    .default(false)
    .describe('Fetch clips from private addresses and over http too (tests, closed networks).'),
  WEBHOOK_RETRY_SECONDS: z
    .string()
    .regex(/^\d+(\.\d+)?(,\d+(\.\d+)?)*$/)
    .default('5,300,1800,7200,18000,36000,50400,72000,86400')
    .transform((value) => value.split(',').map(Number))
    .describe('Seconds before the second try of a webhook, the third, …; one try more than entries.'),
  SWEEP_INTERVAL_MS: count(100, 600_000).default(5000).describe('Milliseconds between repair sweeps.'),
});
export type GatewayConfig = z.infer<typeof gatewaySchema>;

export const preprocessSchema = z.object({
  ...commonShape,
  ...clipLimitShape,
  ...recordShape,
  ...importShape,
  ...batchLimitShape,
  SLICE_MAX_CLIPS: count(1, 500).default(32).describe('Clips of a batch worked on as one task.'),
  SLICE_MAX_SECONDS: count(1, 86_400).default(160).describe('Seconds of audio (estimated) in one such task.'),
  REUSE_MAX_CLIPS: count(0, 10_000_000)
    .default(1_000_000)
    .describe('Clips of earlier batches a new one is compared with; 16 to 64 bytes of memory each while it is read.'),
  THREADS: count(1, 256).optional().describe('Worker threads; default: cores.'),
  CONCURRENCY_INTERACTIVE: count(1, 1024).default(8).describe('Interactive tasks in flight in one process.'),
  CONCURRENCY_BULK: count(1, 1024).default(8).describe('Bulk tasks in flight in one process.'),
  FFMPEG_PATH: z
    .string()
    .default('ffmpeg')
    .describe('ffmpeg for formats not decoded in process (m4a, webm); `none` switches it off.'),
  MAX_CLIP_BYTES_IN_FLIGHT: count(1, 64 * 1024 * MIB)
    .default(512 * MIB)
    .describe('Bytes of clips one preprocess process holds at once.'),
  DECODE_TIMEOUT_MS: count(100, 600_000).default(30_000).describe('Longest decode of one clip.'),
  ALLOW_PRIVATE_URLS: gatewaySchema.shape.ALLOW_PRIVATE_URLS,
});
export type PreprocessConfig = z.infer<typeof preprocessSchema>;

export const workerSchema = z.object({
  ...commonShape,
  ...recordShape,
  EXECUTION_PROVIDERS: z
    .string()
    .default('cpu')
    .transform((value) =>
      value
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    )
    .describe('ONNX Runtime providers in order of preference: `cpu`, `cuda,cpu`.'),
  SESSION_THREADS: count(1, 64).default(1).describe('Worker threads, each with its own ONNX sessions.'),
  INTRA_OP_THREADS: count(1, 256).default(1).describe('Threads inside one ONNX run.'),
  BATCH_MAX_WINDOWS: count(1, 4096).default(32).describe('Windows in one ONNX run at most.'),
  BATCH_MAX_WAIT_INTERACTIVE_MS: z.coerce
    .number()
    .min(0)
    .max(10_000)
    .default(0)
    .describe('Longest wait for company, interactive lane.'),
  BATCH_MAX_WAIT_BULK_MS: z.coerce
    .number()
    .min(0)
    .max(10_000)
    .default(5)
    .describe('Longest wait for company, bulk lane.'),
  BATCH_MAX_QUEUED_WINDOWS: count(1, 1_000_000).default(4096).describe('Windows waiting in one process at most.'),
  CONCURRENCY_INTERACTIVE: count(1, 1024).default(32).describe('Interactive tasks in flight in one process.'),
  CONCURRENCY_BULK: count(1, 1024).default(32).describe('Bulk tasks in flight in one process.'),
  MODELS_POLL_MS: count(100, 3_600_000).default(5000).describe('Milliseconds between looks for new models.'),
});
export type WorkerConfig = z.infer<typeof workerSchema>;

/** Variables only `npm start` and `npm run demo` read. */
export const localSchema = z.object({
  ...commonShape,
  REDIS_URL: z.string().optional(),
  PORT: gatewaySchema.shape.PORT,
  REDIS_PORT: port.optional().describe('Port of the embedded Redis; default: a free one.'),
  REDIS_SERVER: z.string().optional().describe('Path of redis-server or valkey-server for the embedded Redis.'),
  PREPROCESS_PROCESSES: count(1, 256).default(1).describe('Preprocess processes `npm start` runs.'),
  WORKER_PROCESSES: count(1, 256).default(1).describe('Worker processes `npm start` runs.'),
});
export type LocalConfig = z.infer<typeof localSchema>;
