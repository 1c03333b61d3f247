import { workerSchema } from '@timbre/shared/config/schemas';
import { loadConfigOrExit } from '@timbre/shared/config/load-config';
import { createModelCatalog } from '@timbre/shared/models/model-catalog';
import { startStageService } from '@timbre/shared/queue/stage-service';
import { systemClock } from './batching/clock.js';
import { createInferHandler } from './handler.js';
import { createInferencePool } from './inference/inference-pool.js';
import { createInferSliceHandler } from './slices/slice-handler.js';
import { createModelHost } from './inference/model-host.js';

const config = loadConfigOrExit(workerSchema, process.env);
// ONNX Runtime's library would send usage data to its maker; it reads this when its first thread loads it.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
/** One thread beside the configured ones that bulk never takes: a person never waits for an archive's run to end. */
const reservedInteractiveSlots = 1;

await startStageService({
  service: 'worker',
  stage: 'infer',
  config,
  defaultAdminPort: 8083,
  prepare: async ({ log, metrics, store, lifecycle, onClip }) => {
    const pool = createInferencePool({
      threads: config.SESSION_THREADS + reservedInteractiveSlots,
      intraOpThreads: config.INTRA_OP_THREADS,
      executionProviders: config.EXECUTION_PROVIDERS,
      log,
    });
    lifecycle.onStop('inference threads', () => pool.close());
    const models = createModelHost({
      catalog: createModelCatalog({ url: config.MODELS_URL, store, log }),
      pool,
      metrics,
      log,
      clock: systemClock,
      batching: {
        maxRows: config.BATCH_MAX_WINDOWS,
        maxWaitMs: { interactive: config.BATCH_MAX_WAIT_INTERACTIVE_MS, bulk: config.BATCH_MAX_WAIT_BULK_MS },
        maxQueuedRows: config.BATCH_MAX_QUEUED_WINDOWS,
        // On a GPU a run costs about the same however full it is; on a CPU every row costs its share.
        mixLanes: config.EXECUTION_PROVIDERS[0] !== 'cpu',
      },
      reservedInteractiveSlots,
      pollMs: config.MODELS_POLL_MS,
    });
    lifecycle.onStop('models', () => models.close());
    await models.start();
    await models.whenReady();
    return {
      handler: createInferHandler({ store, models, metrics }),
      sliceHandler: createInferSliceHandler({ store, models, metrics, onClip }),
      ready: () => models.notReady(),
    };
  },
});
