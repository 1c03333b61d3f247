/** The calls of `routes/admin.ts`. */
import { z } from 'zod';
import { failuresViewSchema, overviewSchema } from '@timbre/shared/contracts/operations';
import { failuresQuerySchema } from '../../routes/admin.js';
import { queuePausedSchema } from '../answer-schemas.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';

const failures = [
  {
    code: 'audio_truncated',
    title: 'The file ends early',
    count: 2,
    perMinute: [...new Array<number>(59).fill(0), 2],
    examples: [
      {
        jobId: 'j0c9d1e2f3a4b5c6d7e8f90a1b2c3d4e5',
        tenant: 'local',
        stage: 'preprocess',
        at: '2026-11-22T09:00:00.000Z',
      },
    ],
  },
];

const latency = { count: 120, perSecond: 2, meanSeconds: 0.021, p50: 0.018, p95: 0.045, p99: 0.09 };

const overview = {
  at: '2026-11-22T09:00:03.000Z',
  liveJobs: 3,
  redis: { usedBytes: 4_200_000, limitBytes: null },
  queues: [
    {
      queue: 'preprocess-interactive',
      stage: 'preprocess',
      lane: 'interactive',
      paused: false,
      waiting: 0,
      active: 1,
      delayed: 0,
      oldestSeconds: 0,
      backlogAudioSeconds: 4.2,
      backlogJobs: 1,
    },
  ],
  processes: [
    {
      id: '7d66591e-7e9c-416d-93d3-fbf822296cdd',
      service: 'worker',
      version: '0.1.0',
      host: 'node-1',
      pid: 42,
      adminUrl: 'http://127.0.0.1:8083',
      startedAt: '2026-11-22T08:00:00.000Z',
      heardAt: '2026-11-22T09:00:01.000Z',
      rssBytes: 180_000_000,
      openStreams: 0,
      models: [{ model: 'timbre-s', provider: 'cpu' }],
      clipsPerSecond: 2,
    },
  ],
  windowSeconds: 60,
  stages: [{ stage: 'infer', lane: 'interactive', ...latency }],
  endToEnd: [{ lane: 'interactive', state: 'succeeded', ...latency }],
  throughput: [{ stage: 'infer', lane: 'interactive', clipsPerSecond: 2, audioSecondsPerSecond: 6.1 }],
  batchSizes: [{ model: 'timbre-s', runsPerSecond: 2, meanWindows: 2.5, p50: 2, p95: 4 }],
  liveSessions: { windows: latency },
  failures,
};

const getOverview: Operation = {
  method: 'get',
  path: '/v1/admin/overview',
  tag: 'Operators',
  operationId: 'getOverview',
  summary: 'The state of the whole system',
  description:
    'Queues, processes, throughput and latencies of the last minute, failures of the last hour. Processes report every 3 seconds; one that is silent for 15 is gone.',
  scope: 'admin',
  answers: { 200: jsonAnswer('The state now.', overviewSchema, { example: overview }) },
  problems: [],
};

const listFailures: Operation = {
  method: 'get',
  path: '/v1/admin/failures',
  tag: 'Operators',
  operationId: 'listFailures',
  summary: 'What failed in the last hour',
  description: 'By error code, the most frequent first, with up to 20 of the latest clips of each.',
  scope: 'admin',
  request: { query: describedParameters(failuresQuerySchema, { code: 'Only this code.' }) },
  answers: {
    200: jsonAnswer('The failures.', failuresViewSchema, { example: { sinceSeconds: 3600, failures } }),
  },
  problems: [],
};

const queueParameter = describedParameters(z.object({ queue: z.string() }), {
  queue: 'Name of the queue, from the overview.',
});

const action = (name: 'pause' | 'resume', summary: string, description: string): Operation => ({
  method: 'post',
  path: `/v1/admin/queues/{queue}/${name}`,
  tag: 'Operators',
  operationId: `${name}Queue`,
  summary,
  description,
  scope: 'admin',
  request: { params: queueParameter },
  answers: {
    200: jsonAnswer('Done.', queuePausedSchema, {
      example: { queue: 'preprocess-bulk', paused: name === 'pause' },
    }),
  },
  problems: ['not_found'],
});

export const adminOperations: readonly Operation[] = [
  getOverview,
  listFailures,
  action(
    'pause',
    'Stop handing out a queue',
    'Tasks at work go on; new ones wait until the queue is resumed, whose deadlines go on.',
  ),
  action('resume', 'Go on with a queue', 'Undoes a pause: its tasks are handed out again.'),
];
