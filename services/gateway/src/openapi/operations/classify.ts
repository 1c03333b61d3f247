import { jobViewSchema, submitJsonSchema } from '@timbre/shared/contracts/job';
import { z } from 'zod';
import { classifyQuery } from '../../routes/classify.js';
import { predictedClassSchema } from '../answer-schemas.js';
import { failedJob, queuedJob, succeededJob } from '../examples.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';
import { clipContent, clipFailures, clipProblems, referenceProblems, submitQuery } from './submission.js';

const waitParameter = describedParameters(z.object(classifyQuery.shape), {
  waitSeconds: 'How long to wait for the end of the job; default: `Prefer: wait=N`, else 30.',
});
const query = submitQuery.omit({ lane: true }).extend(waitParameter.shape);

const classifyClip: Operation = {
  method: 'post',
  path: '/v1/classify',
  tag: 'Classify',
  operationId: 'classifyClip',
  summary: 'Classify one short clip',
  description: `Submits a clip and waits for its end, in one call. Takes what \`POST /v1/jobs\` takes; the lane is always \`interactive\`. A clip that cannot be classified answers 200 too, with \`state\` \`failed\` and the reason in \`error\`.

    curl -F file=@take3.wav {server}/v1/classify`,
  scope: 'submit',
  parameters: ['IdempotencyKey', 'ContentDigest', 'PreferWait'],
  request: {
    query,
    body: {
      description: 'The clip, or where it is.',
      required: true,
      content: { ...clipContent, 'application/json': { schema: submitJsonSchema } },
    },
  },
  answers: {
    200: jsonAnswer('The job has ended.', jobViewSchema, {
      headers: { Location: 'JobLocation' },
      examples: { succeeded: succeededJob, failed: failedJob },
    }),
    202: jsonAnswer('The time was up first: ask for the job later.', jobViewSchema, {
      headers: { Location: 'JobLocation' },
      example: queuedJob,
    }),
  },
  problems: [...clipProblems, ...referenceProblems],
};

const predictInstrument: Operation = {
  method: 'post',
  path: '/predict_instrument',
  tag: 'Classify',
  operationId: 'predictInstrument',
  summary: 'Classify one clip, as the original service did',
  description: `Kept so that clients of the original service work unchanged. Answers with the best label alone, or \`mute\`; an unsure decision gives its best guess. A clip that cannot be classified answers with its error code as a problem document.

    curl -F file=@take3.wav {server}/predict_instrument`,
  scope: 'submit',
  parameters: ['IdempotencyKey', 'ContentDigest', 'PreferWait'],
  request: { query, body: { description: 'The clip.', required: true, content: clipContent } },
  answers: {
    200: jsonAnswer('The decision.', predictedClassSchema, { example: { predicted_class: 'violin' } }),
  },
  problems: [...clipProblems, ...clipFailures],
};

export const classifyOperations: readonly Operation[] = [classifyClip, predictInstrument];
