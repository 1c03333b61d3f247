/** Examples of batches: answers of a real gateway to an archive of eleven files, two of them no recordings. */
import type { z } from 'zod';
import type { BatchEvent, BatchView, ItemView } from '@timbre/shared/contracts/batch';
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import type { batchDiffSchema, batchPageSchema, itemPageSchema } from './answer-schemas.js';

export const batchId = 'b3e9f842e06cea5b2446865ffa2b6cfae';
const rescoreId = 'bc52a14662cc8f5bd1006c16b9e1bde44';
export const clipSha256 = 'd13e0a9652dede2d896d421ea64c9990a7755ed2cb9e8c36ebea47936d30cbf3';
const modelDigest = 'sha256:8b3d80dc657ed287a5f20be667e0ddcaa980b1baf75b029de38f742ae4acf873';

export const acceptedBatch: BatchView = {
  id: batchId,
  state: 'expanding',
  paused: false,
  name: 'takes.zip',
  model: 'timbre-s',
  preflight: false,
  createdAt: '2026-11-22T19:03:34.147Z',
  clips: { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, reused: 0 },
  failuresByCode: {},
  decisions: {},
  audioSeconds: { total: 0, done: 0 },
  waiting: { code: 'reading_source', detail: 'The source is being read; no clip was found yet.' },
  deadlineAt: '2026-11-29T19:03:34.147Z',
  audioExpiresAt: '2026-12-22T19:03:34.147Z',
  expiresAt: '2026-12-22T19:03:34.147Z',
};

const { waiting: _waiting, ...withoutWaiting } = acceptedBatch;

export const endedBatch: BatchView = {
  ...withoutWaiting,
  state: 'completed_with_errors',
  startedAt: '2026-11-22T19:03:34.286Z',
  finishedAt: '2026-11-22T19:03:35.740Z',
  clips: { total: 11, queued: 0, running: 0, succeeded: 9, failed: 2, canceled: 0, reused: 0 },
  failuresByCode: { audio_empty: 1, audio_unrecognized_format: 1 },
  decisions: { drums: 2, guitar: 2, mute: 1, piano: 2, violin: 2 },
  audioSeconds: { total: 38.316, done: 38.316 },
};

/** An archive sent again: what had succeeded is not run again. */
export const reusedBatch: BatchView = {
  ...endedBatch,
  id: 'b2fa28eeb2a40a334fc83b5773c1768e2',
  clips: { ...endedBatch.clips, reused: 9 },
};

export const preflightBatch: BatchView = {
  ...endedBatch,
  id: 'bc7f7b9a1081e8afbd34fd4a9b540bc3e',
  preflight: true,
  decisions: {},
};

export const rescoredBatch: BatchView = {
  ...acceptedBatch,
  id: rescoreId,
  model: 'mfcc-cnn',
  clipsOf: batchId,
};

export const pausedBatch: BatchView = {
  ...endedBatch,
  state: 'running',
  paused: true,
  finishedAt: undefined,
  clips: { total: 11, queued: 4, running: 0, succeeded: 5, failed: 2, canceled: 0, reused: 0 },
  waiting: { code: 'paused', detail: 'Paused; resume it to go on.' },
};

export const retriedBatch: BatchView = { ...endedBatch, state: 'running', finishedAt: undefined };

export const cancelingBatch: BatchView = {
  ...pausedBatch,
  state: 'canceling',
  paused: false,
  waiting: undefined,
};

export const batchPage: z.output<typeof batchPageSchema> = { batches: [endedBatch], nextCursor: null };

export const batchEvents: BatchEvent[] = [
  { revision: 1, batch: acceptedBatch },
  { revision: 5, batch: endedBatch },
];

/** The stream as it arrives. */
export const batchEventStream = [
  'retry: 2000\n\n',
  ...batchEvents.map(
    (event, at) =>
      `id: ${event.revision}\nevent: ${at === batchEvents.length - 1 ? 'end' : 'progress'}\ndata: ${JSON.stringify(event)}\n\n`,
  ),
].join('');

const succeededItem: ItemView = {
  index: 4,
  path: 'violin-01.wav',
  state: 'succeeded',
  clip: {
    format: 'wav',
    codec: 'pcm_s16le',
    sampleRateHz: 22_050,
    channels: 1,
    durationSeconds: 3,
    decoder: '@timbre/preprocess 0.1.0',
    bytes: 132_344,
    sha256: clipSha256,
  },
  result: {
    decision: 'label',
    label: 'violin',
    confidence: 0.99965,
    scores: { drums: 0.00016, guitar: 0.00007, piano: 0.00011, violin: 0.99965 },
    segments: [{ startSeconds: 0, endSeconds: 3, label: 'violin', confidence: 0.99965 }],
    quality: { peakDbfs: -10.1, rmsDbfs: -26, clippedRatio: 0, silentRatio: 0.117, noiseFloorDbfs: -120 },
    warnings: [],
  },
  modelDigest,
  provider: 'cpu',
  jobId: `${batchId}-4`,
  finishedAt: '2026-11-22T19:03:35.702Z',
};

const failedItem: ItemView = {
  index: 3,
  path: 'notes.wav',
  state: 'failed',
  clip: { bytes: 10, sha256: 'e80b14c724dbf0561ba47f6d015bc37bb8da57feb67456e21e2fd3312982d43a' },
  error: {
    code: 'audio_unrecognized_format',
    title: 'The file is not audio in a format we know',
    detail: 'The file is not audio in a format we know. It looks like text.',
    retryable: false,
  },
  jobId: `${batchId}-3`,
  finishedAt: '2026-11-22T19:03:34.403Z',
};

export const itemPage: z.output<typeof itemPageSchema> = { items: [failedItem, succeededItem], nextCursor: 'NQ' };

export const csvResults = [
  'path,id,state,decision,label,confidence,score_drums,score_guitar,score_piano,score_violin,…',
  'drums-01.wav,,succeeded,label,drums,0.9993125640992816,0.9993125640992816,0.0004787339218889719,…',
  '',
].join('\r\n');

export const summary: BatchSummary = {
  clips: { total: 11, succeeded: 9, failed: 2, reused: 0, duplicates: 0 },
  instruments: [
    { name: 'piano', clips: 2, segments: 2, hours: 0.00272 },
    { name: 'violin', clips: 2, segments: 2, hours: 0.00223 },
    { name: 'unknown', clips: 0, segments: 0, hours: 0 },
    { name: 'mute', clips: 1, segments: 1, hours: 0.00083 },
  ],
  unknown: { count: 0, of: 9, share: 0, interval: [0, 0.299] },
  mute: { count: 1, of: 9, share: 0.111, interval: [0.02, 0.435] },
  confidence: [
    { from: 0.65, to: 0.7, clips: 1 },
    { from: 0.95, to: 1, clips: 7 },
  ],
  failuresByCode: { audio_empty: 1, audio_unrecognized_format: 1 },
  durations: { clips: 9, totalSeconds: 38.3, meanSeconds: 4.26, shortestSeconds: 3, longestSeconds: 5.02 },
  formats: { wav: 3, mp3: 2, ogg: 2, flac: 1, m4a: 1 },
};

export const diff: z.output<typeof batchDiffSchema> = {
  before: batchId,
  after: rescoreId,
  clips: 11,
  unchanged: 7,
  changes: { state: 0, decision: 0, label: 0, confidence: 4 },
  transitions: [
    { from: 'violin', to: 'violin', clips: 2 },
    { from: 'failed', to: 'failed', clips: 2 },
  ],
  items: [
    {
      index: 4,
      path: 'violin-01.wav',
      before: { state: 'succeeded', decision: 'label', label: 'violin', confidence: 0.99965 },
      after: { state: 'succeeded', decision: 'label', label: 'violin', confidence: 0.91124 },
      kind: 'confidence',
    },
  ],
};
