/** The calls of `routes/batches.ts`: send, look, follow, hold, end, run again. */
import type { ZodRequestBody } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { batchFieldsSchema, batchJsonSchema, batchViewSchema } from '@timbre/shared/contracts/batch';
import type { ErrorCode } from '@timbre/shared/error-catalog';
import { batchListQuerySchema, rescoreSchema } from '../../routes/batches.js';
import { waitQuery } from '../../routes/jobs.js';
import { batchPageSchema } from '../answer-schemas.js';
import * as shown from '../batch-examples.js';
import { batchFieldDescriptions } from '../batch-glossary.js';
import { uploadId } from '../examples.js';
import { batchFormSchema } from '../named-schemas.js';
import { describedParameters, jsonAnswer, textAnswer, type Operation } from '../operation.js';
import { clipProblems } from './submission.js';

export const batchIdParameter = describedParameters(z.object({ id: z.string() }), {
  id: 'Id of the batch, from its `id` or its `Location`.',
});

const bytes = { schema: { type: 'string' as const, format: 'binary' } };
const text = { schema: { type: 'string' as const } };

const batchContent: ZodRequestBody['content'] = {
  'multipart/form-data': { schema: batchFormSchema },
  'application/zip': bytes,
  'application/x-tar': bytes,
  'application/gzip': bytes,
  'application/octet-stream': bytes,
  'application/x-ndjson': text,
  'text/csv': text,
};

/** What a batch, or an evaluation, is sent as. */
export const batchRequest = {
  query: describedParameters(batchFieldsSchema, batchFieldDescriptions),
  body: {
    description:
      'The archive or manifest, or where the clips are. Fields of a form win over those in the address; those of a JSON body win too.',
    required: true,
    content: {
      ...batchContent,
      'application/json': {
        schema: batchJsonSchema,
        examples: {
          upload: { summary: 'A finished upload', value: { source: { uploadId }, name: 'takes' } },
          uris: { summary: 'Addresses', value: { source: { uris: ['https://example.org/take3.wav'] } } },
          clips: {
            summary: 'Clips stored by their content',
            value: { source: { clips: [{ sha256: shown.clipSha256, path: 'takes/3.wav', expected: 'violin' }] } },
          },
          prefix: { summary: 'A folder of a store', value: { source: { prefix: 's3://recordings/2026/' } } },
        },
      },
    },
  },
};

/** What can be wrong with it. */
export const submitBatchProblems: readonly ErrorCode[] = [
  ...clipProblems,
  'invalid_json',
  'not_found',
  'url_forbidden',
];

const submitBatch: Operation = {
  method: 'post',
  path: '/v1/batches',
  tag: 'Batches',
  operationId: 'submitBatch',
  summary: 'Submit an archive, a manifest or a list',
  description: `Accepts many clips at once and answers as soon as the bytes are stored; the source is read and worked on behind. Send an archive (zip, tar, tar.gz), a manifest (JSON lines or CSV with one clip a line), or JSON that says where the clips are:

    curl -T takes.zip -X POST -H 'Content-Type: application/zip' '{server}/v1/batches?name=takes'
    curl --json '{"source":{"prefix":"s3://recordings/2026/"}}' {server}/v1/batches
    curl --json '{"source":{"uploadId":"u3a7bd3e2360a3d29eea436fcfb7e44c7"}}' {server}/v1/batches

A damaged file, a nested archive or a hostile name fails alone, as a clip with its own error code. Clips whose content was classified before with the same model are not run again (\`reused\`). With \`preflight=true\` the clips are only decoded and measured.`,
  scope: 'submit',
  parameters: ['IdempotencyKey', 'ContentDigest'],
  request: batchRequest,
  answers: {
    202: jsonAnswer('The batch was accepted.', batchViewSchema, {
      headers: { Location: 'BatchLocation', 'Idempotency-Replayed': 'IdempotencyReplayed' },
      example: shown.acceptedBatch,
    }),
  },
  problems: submitBatchProblems,
};

const listBatches: Operation = {
  method: 'get',
  path: '/v1/batches',
  tag: 'Batches',
  operationId: 'listBatches',
  summary: 'List batches',
  description: 'The batches of the key’s tenant, newest first.',
  scope: 'read',
  request: {
    query: describedParameters(batchListQuerySchema, {
      limit: 'Batches on one page at most.',
      cursor: '`nextCursor` of the page before.',
    }),
  },
  answers: { 200: jsonAnswer('One page.', batchPageSchema, { example: shown.batchPage }) },
  problems: [],
};

const getBatch: Operation = {
  method: 'get',
  path: '/v1/batches/{id}',
  tag: 'Batches',
  operationId: 'getBatch',
  summary: 'Look at a batch, or wait for it',
  description:
    'State, counts by state and by error code, seconds of audio, pace, time to the end, and why nothing happens when nothing does. With `waitSeconds` the answer is held until the batch has ended or the time is up.',
  scope: 'read',
  request: {
    params: batchIdParameter,
    query: describedParameters(waitQuery, { waitSeconds: 'Hold the answer this long for the batch to end.' }),
  },
  answers: {
    200: jsonAnswer('The batch.', batchViewSchema, {
      examples: {
        ended: shown.endedBatch,
        reused: shown.reusedBatch,
        preflight: shown.preflightBatch,
        paused: shown.pausedBatch,
      },
    }),
  },
  problems: ['not_found', 'quota_exceeded'],
};

const deleteBatch: Operation = {
  method: 'delete',
  path: '/v1/batches/{id}',
  tag: 'Batches',
  operationId: 'deleteBatch',
  summary: 'Delete a batch',
  description: 'Ends it if it runs, and deletes audio, tensors, manifest and results now. It cannot be undone.',
  scope: 'submit',
  request: { params: batchIdParameter },
  answers: { 204: { description: 'Deleted.' } },
  problems: ['not_found', 'conflict'],
};

const deleteBatchAudio: Operation = {
  method: 'delete',
  path: '/v1/batches/{id}/audio',
  tag: 'Batches',
  operationId: 'deleteBatchAudio',
  summary: 'Delete the audio of a batch',
  description:
    'Deletes the archive and the tensors of a batch that has ended; its results stay. It cannot be run or scored again then.',
  scope: 'submit',
  request: { params: batchIdParameter },
  answers: { 204: { description: 'Deleted.' } },
  problems: ['not_found', 'conflict'],
};

const streamBatchEvents: Operation = {
  method: 'get',
  path: '/v1/batches/{id}/events',
  tag: 'Batches',
  operationId: 'streamBatchEvents',
  summary: 'Follow a batch',
  description: `Server-sent events: \`progress\` at most twice a second, and \`end\` once it has ended, each with the whole batch as it is then and its \`revision\` as \`id\`. After a break send the last \`id\` as \`Last-Event-ID\`; the \`end\` always comes. A comment line every 15 seconds keeps the connection alive.

    curl -N {server}/v1/batches/<id>/events`,
  scope: 'read',
  parameters: ['LastEventId'],
  request: { params: batchIdParameter },
  answers: { 200: textAnswer('The events, until the batch has ended.', ['text/event-stream'], shown.batchEventStream) },
  problems: ['not_found', 'quota_exceeded'],
};

interface Action {
  path: string;
  operationId: string;
  summary: string;
  description: string;
  answer: string;
  example: unknown;
}

const action = ({ path, operationId, summary, description, answer, example }: Action): Operation => ({
  method: 'post',
  path: `/v1/batches/{id}/${path}`,
  tag: 'Batches',
  operationId,
  summary,
  description,
  scope: 'submit',
  request: { params: batchIdParameter },
  answers: { 202: jsonAnswer(answer, batchViewSchema, { example }) },
  problems: ['not_found', 'conflict'],
});

const actions: readonly Operation[] = [
  action({
    path: 'pause',
    operationId: 'pauseBatch',
    summary: 'Pause a batch',
    description: 'Hands out no more of its clips; what is at work is finished. The deadline goes on.',
    answer: 'Paused.',
    example: shown.pausedBatch,
  }),
  action({
    path: 'resume',
    operationId: 'resumeBatch',
    summary: 'Resume a paused batch',
    description: 'Its clips are handed out again.',
    answer: 'It goes on.',
    example: { ...shown.pausedBatch, paused: false, waiting: undefined },
  }),
  action({
    path: 'cancel',
    operationId: 'cancelBatch',
    summary: 'Cancel a batch',
    description: 'Ends it as `canceled`. What is finished stays; what is at work is stopped.',
    answer: 'It ends.',
    example: shown.cancelingBatch,
  }),
  action({
    path: 'retry-failed',
    operationId: 'retryFailedClips',
    summary: 'Run the failed clips of a batch again',
    description:
      'The same batch runs again, with only the clips that failed; results of the others stay. It needs the audio, and there must be something that failed.',
    answer: 'It runs again.',
    example: shown.retriedBatch,
  }),
];

const overProblems: readonly ErrorCode[] = [
  'invalid_json',
  'request_timeout',
  'payload_too_large',
  'not_found',
  'conflict',
  'model_not_found',
  'url_forbidden',
  'queue_full',
  'quota_exceeded',
  'model_unavailable',
  'storage_full',
];

const over = (
  path: string,
  named: Pick<Operation, 'operationId' | 'summary' | 'description'>,
  example: unknown,
): Operation => ({
  method: 'post',
  path: `/v1/batches/{id}/${path}`,
  tag: 'Batches',
  ...named,
  scope: 'submit',
  request: {
    params: batchIdParameter,
    body: {
      required: false,
      content: { 'application/json': { schema: rescoreSchema, example: { model: 'mfcc-cnn' } } },
    },
  },
  answers: {
    202: jsonAnswer('The new batch was accepted.', batchViewSchema, {
      headers: { Location: 'BatchLocation' },
      example,
    }),
  },
  problems: overProblems,
});

export const batchOperations: readonly Operation[] = [
  submitBatch,
  listBatches,
  getBatch,
  streamBatchEvents,
  ...actions,
  over(
    'rescore',
    {
      operationId: 'rescoreBatch',
      summary: 'Score the clips of a batch with another model',
      description:
        'Makes a new batch over the same clips, once the old one has ended. Where the models see sound the same way nothing is decoded again: the kept tensors are read. `GET /v1/batches/{id}/diff` then lists what changed.',
    },
    shown.rescoredBatch,
  ),
  over(
    'start',
    {
      operationId: 'startBatch',
      summary: 'Run the clips of a preflight',
      description: 'Makes a new batch of the clips a preflight found; only a preflight that has ended can be started.',
    },
    { ...shown.rescoredBatch, model: 'timbre-s', clipsOf: shown.preflightBatch.id },
  ),
  deleteBatchAudio,
  deleteBatch,
];
