/** The calls of `routes/clips.ts`. */
import { z } from 'zod';
import { missingClipsSchema } from '../../routes/clips.js';
import { missingClipsAnswerSchema, storedUploadSchema } from '../answer-schemas.js';
import { clipSha256 } from '../batch-examples.js';
import { describedParameters, jsonAnswer, type Operation } from '../operation.js';

const askMissing: Operation = {
  method: 'post',
  path: '/v1/clips/missing',
  tag: 'Uploads',
  operationId: 'listMissingClips',
  summary: 'Which clips are not stored yet',
  description:
    'Whoever sends a folder asks first, and sends only what is missing. Clips are stored for one tenant, by their content.',
  scope: 'submit',
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: missingClipsSchema, example: { sha256: [clipSha256] } } },
    },
  },
  answers: {
    200: jsonAnswer('Those that are not stored.', missingClipsAnswerSchema, { example: { missing: [clipSha256] } }),
  },
  problems: ['invalid_json', 'request_timeout', 'payload_too_large', 'unsupported_media_type'],
};

const putClip: Operation = {
  method: 'put',
  path: '/v1/clips/{sha256}',
  tag: 'Uploads',
  operationId: 'storeClip',
  summary: 'Store a clip by its content',
  description: `A batch can then name it as \`{"sha256": "…"}\`. Storing it again changes nothing.

    curl -T take3.wav {server}/v1/clips/$(sha256sum take3.wav | cut -d' ' -f1)`,
  scope: 'submit',
  request: {
    params: describedParameters(z.object({ sha256: z.string() }), {
      sha256: 'SHA-256 of the file, in lower-case hex.',
    }),
    body: { required: true, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } },
  },
  answers: {
    201: jsonAnswer('Stored.', storedUploadSchema, { example: { bytes: 132_344, sha256: clipSha256 } }),
  },
  problems: [
    'upload_incomplete',
    'request_timeout',
    'payload_too_large',
    'checksum_mismatch',
    'quota_exceeded',
    'storage_full',
  ],
};

export const clipOperations: readonly Operation[] = [askMissing, putClip];
