/** Whether this gateway can take work, with a reason for each thing that is missing. The store is asked at most every 5 s. */
import type { EventLoopWatch } from '@timbre/shared/observability/event-loop-watch';
import type { Readiness } from '@timbre/shared/observability/admin-server';
import type { ModelCatalog } from '@timbre/shared/models/model-catalog';
import type { Redis } from '@timbre/shared/queue/redis-connection';
import { withRedisDeadline } from '@timbre/shared/queue/redis-connection';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

export interface ReadinessDeps {
  redis: Redis;
  store: ObjectStore;
  models: ModelCatalog;
  loop: EventLoopWatch;
  draining: () => boolean;
}

const storeCheckMs = 5000;

export function createReadiness({ redis, store, models, loop, draining }: ReadinessDeps): () => Promise<Readiness> {
  let stored: { at: number; state: string } = { at: -Infinity, state: 'unknown' };
  const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

  const storeState = async (): Promise<string> => {
    if (performance.now() - stored.at > storeCheckMs)
      stored = { at: performance.now(), state: await store.check().then(() => 'ok', reasonOf) };
    return stored.state;
  };

  return async () => {
    const [redisState, objectStore] = await Promise.all([
      withRedisDeadline(redis.ping()).then(() => 'ok', reasonOf),
      storeState(),
    ]);
    const checks = {
      redis: redisState,
      objectStore,
      models: models.list().length > 0 ? 'ok' : (models.problems()[0]?.reason ?? 'no model is installed'),
      eventLoop: loop.lagSeconds() < 1 ? 'ok' : `lags ${loop.lagSeconds().toFixed(1)} s`,
      process: draining() ? 'draining' : 'ok',
    };
    return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
  };
}
