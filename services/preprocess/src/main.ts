import { availableParallelism } from 'node:os';
import { spawnSync } from 'node:child_process';
import { preprocessSchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createPublicFetch } from '@timbre/shared/net/public-fetch';
import { startStageService } from '@timbre/shared/queue/stage-service';
import { defaultDecodeLimits, locateFfmpeg } from './audio/decode-clip.js';
import { createByteBudget } from './byte-budget.js';
import { createPreprocessHandler } from './handler.js';
import { createThreadPool } from './threads/thread-pool.js';

const config = loadConfigOrExit(preprocessSchema, process.env);

/** An absolute path, because the child runs with an empty environment. */
function usableFfmpeg(wanted: string): string | null {
  if (wanted === 'none') return null;
  const path = wanted.includes('/') ? wanted : locateFfmpeg(process.env['PATH']);
  return path !== null && spawnSync(path, ['-version']).status === 0 ? path : null;
}

await startStageService({
  service: 'preprocess',
  stage: 'preprocess',
  config,
  defaultAdminPort: 8082,
  prepare: async ({ log, metrics, store, lifecycle }) => {
    const threads = createThreadPool({ threads: config.THREADS ?? availableParallelism() });
    lifecycle.onStop('threads', () => threads.close());
    await threads.warmUp();
    const ffmpegPath = usableFfmpeg(config.FFMPEG_PATH);
    if (ffmpegPath === null) log.warn('no ffmpeg: m4a and webm clips will fail as audio_unsupported_codec');
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
        ffmpegPath,
        maxFileBytes: config.MAX_FILE_BYTES,
        budget: createByteBudget(config.MAX_CLIP_BYTES_IN_FLIGHT),
      }),
    };
  },
});
