import { expect, it } from 'vitest';
import { runBatchStorm } from './batch-storm.js';

it(
  'ends each of 600 clips of an archive once while gateway, preprocess, worker and Redis are killed',
  { timeout: 240_000 },
  async () => {
    const report = await runBatchStorm({ clips: 600, killEveryMs: 1500, seed: 20261122 });
    expect(report.problems).toEqual([]);
    expect(report.kills.gateway + report.kills.preprocess + report.kills.worker).toBeGreaterThan(1);
    expect(report.redisRestarts).toBe(1);
  },
);
