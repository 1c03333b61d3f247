import { z } from 'zod';
import { presignSchema } from '../../routes/uploads.js';
import { presignedUploadSchema, storedUploadSchema } from '../answer-schemas.js';
import { presignedUpload } from '../examples.js';
import { resumableUploadOperations } from './resumable-uploads.js';
import { describedParameters, jsonAnswer, textAnswer, type Operation } from '../operation.js';

const bytes = { schema: { type: 'string' as const, format: 'binary' } };

const presignUpload: Operation = {
  method: 'post',
  path: '/v1/uploads/presign',
  tag: 'Uploads',
  operationId: 'presignUpload',
  summary: 'Get a URL to upload to',
  description:
    'Gives an id and a URL that is good for one PUT of exactly the announced length and type, for 15 minutes. With an S3 store the bytes go there without passing the gateway. Afterwards submit the clip with `{"source":{"uploadId":"…"}}`.',
  scope: 'submit',
  request: {
    body: {
      required: true,
      content: {
        'application/json': { schema: presignSchema, example: { bytes: 635_088, contentType: 'audio/wav' } },
      },
    },
  },
  answers: { 201: jsonAnswer('Where to send the bytes.', presignedUploadSchema, { example: presignedUpload }) },
  problems: ['invalid_json', 'request_timeout', 'payload_too_large'],
};

const signature = describedParameters(
  z.object({
    expires: z.coerce.number().int(),
    method: z.enum(['PUT', 'GET']),
    length: z.coerce.number().int().optional(),
    type: z.string().optional(),
    signature: z.string(),
  }),
  {
    expires: 'When the URL stops working, in seconds since 1970.',
    method: 'The one method it is good for.',
    length: 'Exact length of the body.',
    type: 'Exact content type of the body.',
    signature: 'Signature over all of these.',
  },
);
const key = describedParameters(z.object({ key: z.string() }), { key: 'Key of the object; holds slashes.' });

const putObject: Operation = {
  method: 'put',
  path: '/v1/objects/{key}',
  tag: 'Uploads',
  operationId: 'putObject',
  summary: 'Upload to a signed URL',
  description:
    'Where the URLs of `POST /v1/uploads/presign` lead when objects are kept in files; with an S3 store they lead there instead, and this call does not exist. The signature is the permission: no key is needed, and the address is used as it was given.',
  scope: null,
  request: { params: key, query: signature, body: { required: true, content: { '*/*': bytes } } },
  answers: {
    200: jsonAnswer('Stored.', storedUploadSchema, {
      example: { bytes: 635_088, sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae' },
    }),
  },
  problems: [
    'forbidden',
    'upload_incomplete',
    'request_timeout',
    'payload_too_large',
    'dependency_unavailable',
    'storage_misconfigured',
    'storage_full',
  ],
  never: ['uri_too_long'],
};

const getObject: Operation = {
  method: 'get',
  path: '/v1/objects/{key}',
  tag: 'Uploads',
  operationId: 'getObject',
  summary: 'Download from a signed URL',
  description: 'Always sent as an attachment, so no stored bytes are ever shown as a page of this server.',
  scope: null,
  request: { params: key, query: signature },
  answers: { 200: textAnswer('The bytes.', ['application/octet-stream']) },
  problems: ['forbidden', 'object_missing', 'dependency_unavailable', 'storage_misconfigured'],
  never: ['uri_too_long'],
};

export const uploadOperations: readonly Operation[] = [
  ...resumableUploadOperations,
  presignUpload,
  putObject,
  getObject,
];
