import { availableParallelism } from 'node:os';
import { spawnSync } from 'node:child_process';
import { preprocessSchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createPublicFetch } from '@timbre/shared/net/public-fetch';
import { startStageService } from '@timbre/shared/queue/stage-service';
import { defaultDecodeLimits } from './audio/decode-clip.js';
import { createPreprocessHandler } from './handler.js';
import { createThreadPool } from './threads/thread-pool.js';

const config = loadConfigOrExit(preprocessSchema, process.env);

await startStageService({
  service: 'preprocess',
  stage: 'preprocess',
  config,
  defaultAdminPort: 8082,
  prepare: async ({ log, metrics, store, lifecycle }) => {
    const threads = createThreadPool({ threads: config.THREADS ?? availableParallelism() });
    lifecycle.onStop('threads', () => threads.close());
    await threads.warmUp();
    const hasFfmpeg = config.FFMPEG_PATH !== 'none' && spawnSync(config.FFMPEG_PATH, ['-version']).status === 0;
    if (!hasFfmpeg) log.warn('no ffmpeg: m4a and webm clips will fail as audio_unsupported_codec');
    return {
      handler: createPreprocessHandler({
        store,
        threads,
        metrics,
        publicFetch: createPublicFetch({
          allowPrivate: config.ALLOW_PRIVATE_URLS,
          maxBytes: config.MAX_FILE_BYTES,
          totalTimeoutMs: 600_000,
        }),
        limits: {
          ...defaultDecodeLimits,
          maxDurationSeconds: config.MAX_DURATION_SECONDS,
          decodeWallMs: config.DECODE_TIMEOUT_MS,
        },
        ffmpegPath: hasFfmpeg ? config.FFMPEG_PATH : null,
        maxFileBytes: config.MAX_FILE_BYTES,
      }),
    };
  },
});
