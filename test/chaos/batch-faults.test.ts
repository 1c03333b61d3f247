/** Faults that meet an archive: a clip that kills its process, Redis emptied, and the reader of the source killed. */
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { startSystem } from '@timbre/shared/testing/test-system';
import { tarOf } from '../archive.js';
import { batchResults, endedBatch, getBatch, submitBatch } from '../batch-client.js';

const untilAsync = async (holds: () => Promise<boolean>) => {
  while (!(await holds().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
};

describe('an archive', () => {
  it(
    'loses only the clip that kills its process, after 3 deaths; 59 neighbours succeed',
    { timeout: 180_000 },
    async () => {
      const system = await startSystem({ env: { TIMBRE_TEST_FAULTS: 'die:000017' } });
      try {
        const { id } = await submitBatch(system.url, await tarOf(60));
        const view = await endedBatch(system.url, id, 150_000);
        expect(view).toMatchObject({ clips: { succeeded: 59, failed: 1 }, failuresByCode: { item_quarantined: 1 } });
        const failed = (await batchResults(system.url, id)).filter(({ state }) => state === 'failed');
        expect(failed.map(({ index }) => index)).toEqual([17]);
        expect(system.processes('preprocess')[0]?.restarts).toBe(3);
      } finally {
        await system.stop();
      }
    },
  );

  it('goes on after Redis was emptied: nothing lost, nothing counted twice', { timeout: 180_000 }, async () => {
    const system = await startSystem();
    const redis = new Redis(system.redis.url);
    try {
      const clips = 700;
      const { id } = await submitBatch(system.url, await tarOf(clips, { spoilEvery: 50, first: 100 }));
      await untilAsync(async () => (await getBatch(system.url, id)).clips.succeeded > 150);
      await redis.flushall();
      await untilAsync(async () => (await getBatch(system.url, id)).clips.total > 0);
      const view = await endedBatch(system.url, id, 150_000);
      expect(view).toMatchObject({
        state: 'completed_with_errors',
        clips: { total: clips, succeeded: 686, failed: 14 },
      });
      const results = await batchResults(system.url, id);
      expect(new Set(results.map(({ index }) => index)).size).toBe(clips);
      expect(results).toHaveLength(clips);
    } finally {
      redis.disconnect();
      await system.stop();
    }
  });

  it('is read on where the process that read it was killed: 4,500 clips, each once', { timeout: 180_000 }, async () => {
    const system = await startSystem({ preprocess: 2, env: { FEED_MAX_WAITING: '1' } });
    try {
      const clips = 4500;
      const { id } = await submitBatch(system.url, await tarOf(clips), { query: '?preflight=true' });
      await untilAsync(async () => (await getBatch(system.url, id)).clips.total >= 1000);
      for (const process of system.processes('preprocess')) process.kill('SIGKILL');
      const view = await endedBatch(system.url, id, 170_000);
      expect(view.clips).toMatchObject({ total: clips, succeeded: clips });
      const paths = (await batchResults(system.url, id)).map(({ path }) => path);
      expect(new Set(paths).size).toBe(clips);
    } finally {
      await system.stop();
    }
  });
});
