/** The calls of `routes/job-content.ts`. */
import { featureMatrixSchema } from '../../jobs/feature-matrix.js';
import { peaksQuerySchema, peaksViewSchema } from '../../jobs/peaks-view.js';
import { audioQuerySchema, featuresQuerySchema } from '../../routes/job-content.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';
import { jobIdParameter } from './jobs.js';

const file = { 'audio/*': { schema: { type: 'string' as const, format: 'binary' } } };
const reads = ['not_found', 'not_kept', 'storage_corrupt'] as const;

const getAudio: Operation = {
  method: 'get',
  path: '/v1/jobs/{id}/audio',
  tag: 'Jobs',
  operationId: 'getJobAudio',
  summary: 'The clip as it was sent',
  description:
    'For clips of batches too (`<batchId>-<index>`), entries of archives included. Answers one range of a `Range` header, so that a player can seek. A clip of a batch that was read from an address is `not_kept`.',
  scope: 'read',
  request: {
    params: jobIdParameter,
    query: describedParameters(audioQuerySchema, { inline: 'For playing rather than saving.' }),
  },
  answers: {
    200: { description: 'The clip.', content: file },
    206: { description: 'The part that was asked for.', content: file },
    416: { description: 'The range lies behind the end.' },
  },
  problems: [...reads, 'object_missing'],
};

const getPeaks: Operation = {
  method: 'get',
  path: '/v1/jobs/{id}/peaks',
  tag: 'Jobs',
  operationId: 'getJobPeaks',
  summary: 'The outline of the sound',
  description:
    'The lowest and highest level of equal stretches of the mono mix, for drawing a waveform; made while the clip was decoded. Clips of batches have none (`not_kept`): decode their audio.',
  scope: 'read',
  request: {
    params: jobIdParameter,
    query: describedParameters(peaksQuerySchema, { points: 'Stretches, 4000 at most.' }),
  },
  answers: {
    200: jsonAnswer('The outline.', peaksViewSchema, {
      example: { durationSeconds: 3, points: 4, min: [-12, -64, -66, -20], max: [10, 61, 70, 18] },
    }),
  },
  problems: reads,
};

const getFeatures: Operation = {
  method: 'get',
  path: '/v1/jobs/{id}/features',
  tag: 'Jobs',
  operationId: 'getJobFeatures',
  summary: 'What the model saw',
  description:
    'The model’s input, window by window, as bytes from `low` (0) to `high` (255). Kept for a day by default (`TENSOR_SECONDS`); after that, and for clips whose result was taken from an earlier one, the answer is `not_kept`.',
  scope: 'read',
  request: {
    params: jobIdParameter,
    query: describedParameters(featuresQuerySchema, {
      from: 'First window.',
      count: 'Windows at most.',
    }),
  },
  answers: {
    200: jsonAnswer('The windows.', featureMatrixSchema, {
      example: {
        kind: 'logMel',
        sampleRateHz: 22_050,
        windows: { total: 1, from: 0, count: 1 },
        rows: 2,
        columns: 3,
        secondsPerColumn: 0.0232,
        offsets: [{ startSeconds: 0, endSeconds: 2 }],
        rmsDbfs: [-21.3],
        low: -62.5,
        high: 17.5,
        data: 'AECAv+//',
      },
    }),
  },
  problems: [...reads, 'tensor_corrupt'],
};

export const jobContentOperations: readonly Operation[] = [getAudio, getPeaks, getFeatures];
