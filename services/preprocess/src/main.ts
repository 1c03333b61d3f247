import { availableParallelism } from 'node:os';
import { spawnSync } from 'node:child_process';
import { preprocessSchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createPublicFetch } from '@timbre/shared/net/public-fetch';
import { openImportStores } from '@timbre/shared/storage/open-import-stores';
import { startStageService } from '@timbre/shared/queue/stage-service';
import { defaultDecodeLimits, locateFfmpeg } from './audio/decode-clip.js';
import { createByteBudget } from './byte-budget.js';
import { createExpandThread } from './expand/expand-in-thread.js';
import { createPreprocessHandler } from './handler.js';
import { createEarlierResults } from './slices/earlier-results.js';
import { createPreprocessSliceHandler } from './slices/slice-handler.js';
import { createSourceSpecs } from './slices/source-specs.js';
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
  prepare: async ({ log, metrics, store, lifecycle, batches, onClip }) => {
    const threadCount = config.THREADS ?? availableParallelism();
    const threads = createThreadPool({ threads: threadCount });
    lifecycle.onStop('threads', () => threads.close());
    await threads.warmUp();
    const ffmpegPath = usableFfmpeg(config.FFMPEG_PATH);
    if (ffmpegPath === null) log.warn('no ffmpeg: m4a and webm clips will fail as audio_unsupported_codec');
    const importStores = openImportStores(config.IMPORT_URLS);
    for (const imported of importStores) lifecycle.onStop('import store', () => imported.close());
    const shared = {
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
    };
    const earlier = createEarlierResults(store, batches);
    const expanding = createExpandThread(
      {
        redisUrl: config.REDIS_URL,
        objectStoreUrl: config.OBJECT_STORE_URL,
        dataDir: config.DATA_DIR,
        importUrls: config.IMPORT_URLS,
        maxFileBytes: config.MAX_FILE_BYTES,
        maxClips: config.MAX_BATCH_CLIPS,
        reuseMaxClips: config.REUSE_MAX_CLIPS,
        slices: { maxClips: config.SLICE_MAX_CLIPS, maxSeconds: config.SLICE_MAX_SECONDS },
      },
      log,
    );
    lifecycle.onStop('expand thread', () => expanding.close());
    return {
      handler: createPreprocessHandler(shared),
      sliceHandler: createPreprocessSliceHandler({
        ...shared,
        importStores,
        earlier,
        onClip,
        sources: createSourceSpecs(store),
        parallel: threadCount + 1,
        slots: createByteBudget(Math.max(2, threadCount)),
      }),
      expand: (batch, signal) => expanding.handler(batch, signal),
    };
  },
});
