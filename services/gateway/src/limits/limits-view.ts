/** The limits in force, as `/v1/limits` shows them. */
import type { GatewayConfig } from '@timbre/shared/config/schemas';

export function limitsView(config: GatewayConfig) {
  return {
    file: {
      maxBytes: config.MAX_FILE_BYTES,
      maxDurationSeconds: config.MAX_DURATION_SECONDS,
      maxChannels: 8,
      sampleRateHz: { min: 4000, max: 384_000 },
    },
    requests: {
      perSecond: config.RATE_LIMIT_PER_SECOND,
      burst: config.RATE_LIMIT_BURST,
      maxJsonBytes: 1024 * 1024,
      maxUrlLength: 2048,
      maxHeaderBytes: 16_384,
    },
    uploads: {
      maxBytes: config.MAX_UPLOAD_BYTES,
      parallelPerTenant: config.MAX_UPLOADS_PER_TENANT,
      minBytesPerSecond: config.MIN_UPLOAD_BYTES_PER_SECOND,
    },
    batches: {
      maxClips: config.MAX_BATCH_CLIPS,
      maxArchiveBytes: config.MAX_ARCHIVE_BYTES,
      maxListedClips: 10_000,
      maxLive: config.MAX_LIVE_BATCHES,
      deadlineSeconds: config.BATCH_DEADLINE_SECONDS,
      retentionSeconds: config.RETENTION_SECONDS,
    },
    streams: { openPerTenant: config.MAX_STREAMS_PER_TENANT },
    liveSessions: {
      openPerTenant: config.MAX_STREAM_SESSIONS_PER_TENANT,
      openInAll: config.MAX_STREAM_SESSIONS,
      maxSeconds: Math.min(config.MAX_STREAM_SECONDS, config.MAX_DURATION_SECONDS),
      maxMessageBytes: config.MAX_STREAM_MESSAGE_BYTES,
      idleSeconds: config.STREAM_IDLE_SECONDS,
    },
    jobs: {
      maxBacklog: config.MAX_BACKLOG_JOBS,
      deadlineSeconds: { interactive: config.DEADLINE_INTERACTIVE_SECONDS, bulk: config.DEADLINE_BULK_SECONDS },
      retentionSeconds: config.RETENTION_SECONDS,
      maxWaitSeconds: 60,
    },
  };
}
