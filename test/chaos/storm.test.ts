import { expect, it } from 'vitest';
import { runStorm } from './storm.js';

// The full run is `npm run chaos`: 2,000 clips by 20 clients.
it('120 clips by 8 clients, a process killed every 2 s and Redis restarted once: none lost, doubled or stuck', async () => {
  const report = await runStorm({ clips: 120, clients: 8, killEveryMs: 2000, redisAt: 0.3, seed: 20261122 });
  expect(report.problems).toEqual([]);
  expect(report.states).toEqual({ succeeded: 120 });
  expect(report.redisRestarts).toBe(1);
  expect(report.kills.preprocess + report.kills.worker).toBeGreaterThan(0);
}, 240_000);
