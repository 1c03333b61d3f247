/** The calls of `routes/evaluations.ts`. */
import { evaluationViewSchema } from '@timbre/shared/contracts/evaluation';
import { jsonAnswer, type Operation } from '../operation.js';
import { batchIdParameter, batchRequest, submitBatchProblems } from './batches.js';

const share = (count: number, of: number, interval: [number, number]) => ({ count, of, share: count / of, interval });

const evaluation = {
  id: 'b0c9d1e2f3a4b5c6d7e8f90a1b2c3d4e5',
  state: 'succeeded',
  name: 'held-out.zip',
  model: 'timbre-s',
  modelDigest: 'sha256:8b3d80dc657ed287a5f20be667e0ddcaa980b1baf75b029de38f742ae4acf873',
  createdAt: '2026-11-22T09:00:00.000Z',
  finishedAt: '2026-11-22T09:00:04.000Z',
  found: 4,
  clips: { total: 4, judged: 4, failed: 0, unlabelled: 0 },
  foreignLabels: {},
  figures: {
    accuracy: share(3, 4, [0.3006, 0.9544]),
    coverage: share(4, 4, [0.5101, 1]),
    accuracyWhereCovered: share(3, 4, [0.3006, 0.9544]),
    bestGuess: share(3, 4, [0.3006, 0.9544]),
    rejection: { count: 0, of: 0, share: null, interval: null },
    rejectionByLabel: [],
    overall: share(3, 4, [0.3006, 0.9544]),
    classes: [
      { label: 'drums', support: 2, precision: 1, recall: 1, f1: 1 },
      { label: 'violin', support: 2, precision: 1, recall: 0.5, f1: 0.6667 },
    ],
    confusion: {
      rows: ['drums', 'violin'],
      columns: ['drums', 'guitar', 'violin', 'unknown', 'mute'],
      counts: [
        [2, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
      ],
    },
    calibration: {
      expectedCalibrationError: 0.12,
      clips: 4,
      bins: [{ from: 0.9333, to: 1, clips: 4, meanConfidence: 0.87, accuracy: 0.75 }],
    },
  },
  mistakes: [
    {
      jobId: 'b0c9d1e2f3a4b5c6d7e8f90a1b2c3d4e5-3',
      path: 'violin/take3.wav',
      expected: 'violin',
      decision: 'guitar',
      guess: 'guitar',
      confidence: 0.71,
    },
  ],
};

const submitEvaluation: Operation = {
  method: 'post',
  path: '/v1/evaluations',
  tag: 'Batches',
  operationId: 'submitEvaluation',
  summary: 'Measure a model on labelled clips',
  description: `Takes what \`POST /v1/batches\` takes. Each clip is expected to be what its folder is called (the first folder of its path that is a class of the model, else its first folder), or what a manifest says (\`expected\`). An evaluation is a batch: follow, cancel or rescore it at \`/v1/batches/{id}\`.

    curl -T held-out.zip -X POST -H 'Content-Type: application/zip' '{server}/v1/evaluations?model=timbre-s'`,
  scope: 'submit',
  parameters: ['IdempotencyKey', 'ContentDigest'],
  request: batchRequest,
  answers: {
    202: jsonAnswer('The evaluation was accepted.', evaluationViewSchema, {
      headers: { Location: 'BatchLocation', 'Idempotency-Replayed': 'IdempotencyReplayed' },
      example: evaluation,
    }),
  },
  problems: [...submitBatchProblems, 'object_missing', 'storage_corrupt'],
};

const getEvaluation: Operation = {
  method: 'get',
  path: '/v1/evaluations/{id}',
  tag: 'Batches',
  operationId: 'getEvaluation',
  summary: 'The figures of an evaluation',
  description:
    'Counted over the clips that have ended so far. Shares come with their 95 % Wilson interval; a folder the model does not know counts as a foreign sound, for which `unknown` or `mute` is right.',
  scope: 'read',
  request: { params: batchIdParameter },
  answers: { 200: jsonAnswer('State and figures.', evaluationViewSchema, { example: evaluation }) },
  problems: ['not_found', 'object_missing', 'storage_corrupt'],
};

export const evaluationOperations: readonly Operation[] = [submitEvaluation, getEvaluation];
