import { z } from 'zod';
import { jobViewSchema, submitJsonSchema } from '@timbre/shared/contracts/job';
import { listQuerySchema, waitQuery } from '../../routes/jobs.js';
import { jobPageSchema } from '../answer-schemas.js';
import { canceledJob, eventStream, failedJob, jobPage, queuedJob, succeededJob, uploadId } from '../examples.js';
import { describedParameters, jsonAnswer, textAnswer, type Operation } from '../operation.js';
import { clipContent, clipProblems, referenceProblems, submitQuery } from './submission.js';

export const jobIdParameter = describedParameters(z.object({ id: z.string() }), {
  id: 'Id of the job, from its `id` or its `Location`.',
});

const submitJob: Operation = {
  method: 'post',
  path: '/v1/jobs',
  tag: 'Jobs',
  operationId: 'submitJob',
  summary: 'Submit a clip',
  description: `Accepts one clip and answers at once; the work is done behind. Send the clip as a form, as a raw body, or as JSON that says where it is:

    curl -F file=@take3.wav {server}/v1/jobs
    curl --data-binary @take3.wav -H 'Content-Type: audio/wav' '{server}/v1/jobs?name=take3'
    curl --json '{"source":{"uri":"https://example.org/take3.wav"}}' {server}/v1/jobs

Then wait for the end with \`GET /v1/jobs/{id}?waitSeconds=30\`, or follow it with \`GET /v1/jobs/{id}/events\`. With an \`Idempotency-Key\` the request may be sent again without making a second job. Bytes stream through to storage; a body that breaks off leaves nothing behind.`,
  scope: 'submit',
  parameters: ['IdempotencyKey', 'ContentDigest'],
  request: {
    query: submitQuery,
    body: {
      description: 'The clip, or where it is. Fields of a form win over those in the address; a JSON body has its own.',
      required: true,
      content: {
        ...clipContent,
        'application/json': {
          schema: submitJsonSchema,
          examples: {
            url: { summary: 'A clip behind a URL', value: { source: { uri: 'https://example.org/take3.wav' } } },
            upload: { summary: 'A finished upload', value: { source: { uploadId }, name: 'take3.wav', lane: 'bulk' } },
          },
        },
      },
    },
  },
  answers: {
    202: jsonAnswer('The job was accepted.', jobViewSchema, {
      headers: { Location: 'JobLocation', 'Idempotency-Replayed': 'IdempotencyReplayed' },
      example: queuedJob,
    }),
  },
  problems: [...clipProblems, ...referenceProblems],
};

const listJobs: Operation = {
  method: 'get',
  path: '/v1/jobs',
  tag: 'Jobs',
  operationId: 'listJobs',
  summary: 'List jobs',
  description:
    'The jobs of the key’s tenant, newest first. A page may hold fewer jobs than `limit`, even none, and still have a `nextCursor`: go on until it is null.',
  scope: 'read',
  request: {
    query: describedParameters(listQuerySchema, {
      state: 'Only jobs in this state.',
      model: 'Only jobs of this model.',
      lane: 'Only jobs of this lane.',
      createdAfter: 'Only jobs accepted after this time.',
      limit: 'Jobs on one page at most.',
      cursor: '`nextCursor` of the page before.',
    }),
  },
  answers: { 200: jsonAnswer('One page.', jobPageSchema, { example: jobPage }) },
  problems: ['storage_corrupt'],
};

const getJob: Operation = {
  method: 'get',
  path: '/v1/jobs/{id}',
  tag: 'Jobs',
  operationId: 'getJob',
  summary: 'Look at a job, or wait for it',
  description:
    'The job as it is now. With `waitSeconds` the answer is held until the job has ended or the time is up, so look at `state`.',
  scope: 'read',
  request: {
    params: jobIdParameter,
    query: describedParameters(waitQuery, { waitSeconds: 'Hold the answer this long for the job to end.' }),
  },
  answers: {
    200: jsonAnswer('The job.', jobViewSchema, {
      examples: { succeeded: succeededJob, failed: failedJob, queued: queuedJob },
    }),
  },
  problems: ['not_found', 'quota_exceeded', 'storage_corrupt'],
};

const cancelJob: Operation = {
  method: 'delete',
  path: '/v1/jobs/{id}',
  tag: 'Jobs',
  operationId: 'cancelJob',
  summary: 'Cancel a job',
  description:
    'Ends an unfinished job as `canceled`; work under way is stopped. Doing it again answers the same. A job that ended otherwise is left as it is: `conflict`.',
  scope: 'submit',
  request: { params: jobIdParameter },
  answers: { 200: jsonAnswer('The canceled job.', jobViewSchema, { example: canceledJob }) },
  problems: ['not_found', 'conflict'],
};

const streamJobEvents: Operation = {
  method: 'get',
  path: '/v1/jobs/{id}/events',
  tag: 'Jobs',
  operationId: 'streamJobEvents',
  summary: 'Follow a job',
  description: `Server-sent events. Each has the event’s \`seq\` as \`id\` and a JobEvent as \`data\`; the type is \`state\`, and \`end\` for the last one, which carries the finished job. After a break send the last \`id\` as \`Last-Event-ID\`: nothing is missed and nothing comes twice, and the last event always comes. A comment line every 15 seconds keeps the connection alive.

    curl -N {server}/v1/jobs/<id>/events`,
  scope: 'read',
  parameters: ['LastEventId'],
  request: { params: jobIdParameter },
  answers: { 200: textAnswer('The events, until the job has ended.', ['text/event-stream'], eventStream) },
  problems: ['not_found', 'quota_exceeded', 'storage_corrupt'],
};

const retryJob: Operation = {
  method: 'post',
  path: '/v1/jobs/{id}/retry',
  tag: 'Jobs',
  operationId: 'retryJob',
  summary: 'Run a job again',
  description:
    'Makes a new job of the clip of one that is `failed`, `expired` or `canceled`, with the same model and lane. The old job stays as it is; the new one names it in `retryOf`.',
  scope: 'submit',
  request: { params: jobIdParameter },
  answers: {
    202: jsonAnswer('The new job was accepted.', jobViewSchema, {
      headers: { Location: 'JobLocation' },
      example: { ...queuedJob, retryOf: 'jfcde2b2edba56bf408601fb721fe9b5c' },
    }),
  },
  problems: ['not_found', 'conflict', 'model_not_found', 'queue_full', 'storage_full'],
};

export const jobOperations: readonly Operation[] = [submitJob, listJobs, getJob, cancelJob, streamJobEvents, retryJob];
