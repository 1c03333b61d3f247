/** Examples of real shape, each typed as what it shows; a test parses them with the schemas. Figures are illustrations. */
import type { z } from 'zod';
import { gatewaySchema } from '@timbre/shared/config/schemas';
import type { JobEvent, JobView } from '@timbre/shared/contracts/job';
import type { WebhookDelivery, WebhookSecret, WebhookTestResult } from '@timbre/shared/contracts/webhook';
import { limitsView } from '../limits/limits-view.js';
import type { jobPageSchema, modelViewSchema, presignedUploadSchema, readinessSchema } from './answer-schemas.js';

const id = 'j9f86d081884c7d659a2feaa0c55ad015';
const sha256 = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
const modelDigest = 'sha256:b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c';
const featureDigest = 'sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730';

export const uploadId = 'u3a7bd3e2360a3d29eea436fcfb7e44c7';

export const queuedJob: JobView = {
  id,
  state: 'queued',
  lane: 'interactive',
  model: 'mfcc-cnn',
  createdAt: '2026-11-22T10:15:00.000Z',
  clip: { name: 'take3.wav', bytes: 635_088, sha256 },
  timings: { uploadSeconds: 0.01 },
  attempts: 0,
  deadlineAt: '2026-11-22T10:25:00.000Z',
  expiresAt: '2026-12-22T10:15:00.000Z',
};

const endedJob: JobView = {
  ...queuedJob,
  state: 'succeeded',
  startedAt: '2026-11-22T10:15:00.002Z',
  finishedAt: '2026-11-22T10:15:00.021Z',
  clip: {
    ...queuedJob.clip,
    format: 'wav',
    codec: 'pcm_s16le',
    sampleRateHz: 44_100,
    channels: 2,
    durationSeconds: 3.6,
  },
  provenance: { modelDigest, featureDigest, decoder: '@timbre/preprocess 0.1.0', provider: 'cpu', version: '0.1.0' },
  timings: {
    uploadSeconds: 0.01,
    waitSeconds: 0.002,
    preprocessSeconds: 0.012,
    inferWaitSeconds: 0.004,
    inferSeconds: 0.003,
    totalSeconds: 0.021,
  },
  attempts: 1,
};

export const succeededJob: JobView = {
  ...endedJob,
  result: {
    decision: 'label',
    label: 'violin',
    confidence: 0.93,
    scores: { drums: 0.01, guitar: 0.03, piano: 0.03, violin: 0.93 },
    segments: [{ startSeconds: 0, endSeconds: 3.6, label: 'violin', confidence: 0.93 }],
    quality: { peakDbfs: -3.1, rmsDbfs: -18.4, clippedRatio: 0, silentRatio: 0.08, noiseFloorDbfs: -62.5 },
    warnings: [],
  },
};

export const failedJob: JobView = {
  ...endedJob,
  state: 'failed',
  clip: { name: 'notes.wav', bytes: 1204, sha256 },
  error: {
    code: 'audio_unrecognized_format',
    title: 'The file is not audio in a format we know',
    detail: 'The file is not audio in a format we know. It looks like text.',
    retryable: false,
  },
  provenance: { modelDigest, featureDigest, version: '0.1.0' },
  timings: { uploadSeconds: 0.001, waitSeconds: 0.002, totalSeconds: 0.006 },
};

export const canceledJob: JobView = {
  ...queuedJob,
  state: 'canceled',
  finishedAt: '2026-11-22T10:15:04.000Z',
  provenance: { modelDigest, featureDigest, version: '0.1.0' },
  timings: { uploadSeconds: 0.01, totalSeconds: 4 },
};

export const jobPage: z.output<typeof jobPageSchema> = {
  jobs: [succeededJob],
  nextCursor: Buffer.from(`${Date.parse(succeededJob.createdAt)}.${id}`).toString('base64url'),
};

const acceptedAtMs = Date.parse(queuedJob.createdAt);

export const jobEvents: JobEvent[] = [
  { seq: 1, atMs: acceptedAtMs, state: 'queued' },
  { seq: 2, atMs: acceptedAtMs + 2, state: 'preprocessing' },
  { seq: 3, atMs: acceptedAtMs + 14, state: 'inferring' },
  { seq: 4, atMs: acceptedAtMs + 21, state: 'succeeded', job: succeededJob },
];

/** The stream as it arrives. */
export const eventStream = [
  'retry: 2000\n\n',
  ...jobEvents.map(
    (event) => `id: ${event.seq}\nevent: ${event.job ? 'end' : 'state'}\ndata: ${JSON.stringify(event)}\n\n`,
  ),
].join('');

export const model: z.output<typeof modelViewSchema> = {
  id: 'mfcc-cnn',
  version: '1',
  title: 'Four instruments from 15 cepstral coefficients',
  labels: ['drums', 'guitar', 'piano', 'violin'],
  features: {
    version: 1,
    sampleRateHz: 44_100,
    crop: { kind: 'peak', beforeSeconds: 1, afterSeconds: 1 },
    transform: {
      kind: 'mfcc',
      nFft: 1024,
      hopLength: 512,
      winLength: 1024,
      nMels: 64,
      fMinHz: 0,
      fMaxHz: null,
      melScale: 'htk',
      melNorm: 'none',
      power: 2,
      center: true,
      log: { kind: 'db', topDb: 80 },
      coefficients: 15,
    },
  },
  input: { name: 'input', dims: [null, 1, 15, 173] },
  output: { name: 'logits', kind: 'logits' },
  temperature: 1.4,
  thresholds: { unknown: 0.5 },
  silenceGate: { rmsDbfs: -60 },
  segments: { smoothingWindows: 1, mergeGapSeconds: 0 },
  clipRule: 'meanScore',
  onnxSha256: sha256,
  metrics: [],
  licence: 'MIT',
  provenance: { command: 'python -m timbre_training train' },
  modelDigest,
  featureDigest,
  isDefault: true,
};

const uploadExpiresAt = '2026-11-22T10:30:00.000Z';

export const presignedUpload: z.output<typeof presignedUploadSchema> = {
  uploadId,
  method: 'PUT',
  url: `http://127.0.0.1:8080/v1/objects/incoming/local/${uploadId}?expires=${Date.parse(uploadExpiresAt) / 1000}&method=PUT&length=635088&type=audio%2Fwav&signature=…`,
  headers: { 'Content-Type': 'audio/wav', 'Content-Length': '635088' },
  expiresAt: uploadExpiresAt,
};

export const delivery: WebhookDelivery = {
  id: `msg_${id}`,
  subject: id,
  type: 'job.succeeded',
  url: 'https://example.org/hooks/timbre',
  state: 'delivered',
  tries: 2,
  attempts: [
    { at: '2026-11-22T10:15:00.100Z', durationSeconds: 0.204, status: 503 },
    { at: '2026-11-22T10:15:05.300Z', durationSeconds: 0.118, status: 204 },
  ],
};

export const webhookTestResult: WebhookTestResult = {
  id: 'msg_p3a7bd3e2360a3d29eea436fcfb7e44c7',
  delivered: false,
  attempt: {
    at: '2026-11-22T10:15:00.100Z',
    durationSeconds: 15.001,
    error: { code: 'url_unreachable', detail: 'the host did not answer in time' },
  },
};

export const webhookSecret: WebhookSecret = {
  secret: 'whsec_…',
  createdAt: '2026-11-22T10:15:00.000Z',
};

export const notReady: z.output<typeof readinessSchema> = {
  ready: false,
  checks: { redis: 'ok', objectStore: 'ok', models: 'no model is installed', eventLoop: 'ok', process: 'ok' },
};

/** The limits of a gateway on which nothing was set. */
export const limits = limitsView(gatewaySchema.parse({}));
