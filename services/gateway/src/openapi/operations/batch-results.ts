/** The calls of `routes/batch-results.ts`. */
import { batchSummarySchema } from '@timbre/shared/contracts/batch-summary';
import { diffQuerySchema, itemsQuerySchema, resultsQuerySchema } from '../../routes/batch-results.js';
import { batchDiffSchema, itemPageSchema } from '../answer-schemas.js';
import { csvResults, diff, itemPage, summary } from '../batch-examples.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';
import { headerRef } from '../shared-parts.js';
import { batchIdParameter } from './batches.js';

const listItems: Operation = {
  method: 'get',
  path: '/v1/batches/{id}/items',
  tag: 'Batches',
  operationId: 'listBatchItems',
  summary: 'The clips of a batch',
  description:
    'In the order of the source, with what became of each so far. A page may hold fewer clips than `limit`, even none, and still have a `nextCursor`: go on until it is null. The `jobId` of a clip is good for `GET /v1/jobs/{id}`.',
  scope: 'read',
  request: {
    params: batchIdParameter,
    query: describedParameters(itemsQuerySchema, {
      state: 'Only clips in this state.',
      label: 'Only clips decided so: a label of the model, `unknown` or `mute`.',
      code: 'Only clips that failed with this code.',
      limit: 'Clips on one page at most.',
      cursor: '`nextCursor` of the page before.',
    }),
  },
  answers: { 200: jsonAnswer('One page.', itemPageSchema, { example: itemPage }) },
  problems: ['not_found', 'object_missing', 'storage_corrupt'],
};

const file = { schema: { type: 'string' as const, format: 'binary' } };

const getResults: Operation = {
  method: 'get',
  path: '/v1/batches/{id}/results',
  tag: 'Batches',
  operationId: 'getBatchResults',
  summary: 'The results of a batch as a file',
  description: `What is decided so far, in the order of the source, streamed; \`Timbre-Complete\` says whether that is all. \`threshold\`, \`mergeGapSeconds\` and \`top\` are applied to the kept answers of the model: nothing is computed again.

    curl -OJ '{server}/v1/batches/<id>/results?format=csv&threshold=0.9'

Formats: \`jsonl\` (everything), \`csv\` and \`parquet\` (a row a clip), \`audacity\` (a tar.gz with a label track for each clip), \`raven\` (a selection table of all segments).`,
  scope: 'read',
  request: {
    params: batchIdParameter,
    query: describedParameters(resultsQuerySchema, {
      format: 'Format of the file.',
      threshold: 'Best scores below this are `unknown`; default: that of the model.',
      mergeGapSeconds: 'Segments of one label closer than this are joined; default: that of the model.',
      top: 'Only this many of the best scores of each clip.',
    }),
  },
  answers: {
    200: {
      description: 'The file.',
      headers: {
        'Timbre-Complete': headerRef('Complete'),
        'Content-Disposition': headerRef('ContentDisposition'),
      },
      content: {
        'application/x-ndjson': { schema: { type: 'string' } },
        'text/csv': { schema: { type: 'string' }, example: csvResults },
        'application/vnd.apache.parquet': file,
        'application/gzip': file,
        'text/tab-separated-values': { schema: { type: 'string' } },
      },
    },
  },
  problems: ['not_found', 'object_missing', 'storage_corrupt', 'model_unavailable'],
};

const getSummary: Operation = {
  method: 'get',
  path: '/v1/batches/{id}/summary',
  tag: 'Batches',
  operationId: 'getBatchSummary',
  summary: 'What a batch adds up to',
  description:
    'Hours by instrument, shares of `unknown` and `mute` with their 95 % intervals, confidence, failures by code, and how often the model agrees where clips came with an expected label. Of what is decided so far.',
  scope: 'read',
  request: { params: batchIdParameter },
  answers: { 200: jsonAnswer('The summary.', batchSummarySchema, { example: summary }) },
  problems: ['not_found', 'object_missing', 'storage_corrupt'],
};

const getDiff: Operation = {
  method: 'get',
  path: '/v1/batches/{id}/diff',
  tag: 'Batches',
  operationId: 'diffBatches',
  summary: 'What changed between two batches over the same clips',
  description: 'Compares a rescored batch with the one it was made of, or with another rescore of that.',
  scope: 'read',
  request: {
    params: batchIdParameter,
    query: describedParameters(diffQuerySchema, {
      against: 'Id of the batch to compare with: the `before`.',
      minConfidenceChange: 'Changes of confidence alone that are smaller are left out.',
      limit: 'Changed clips listed at most; all are counted.',
    }),
  },
  answers: { 200: jsonAnswer('The difference.', batchDiffSchema, { example: diff }) },
  problems: ['not_found', 'object_missing', 'storage_corrupt'],
};

export const batchResultOperations: readonly Operation[] = [listItems, getResults, getSummary, getDiff];
