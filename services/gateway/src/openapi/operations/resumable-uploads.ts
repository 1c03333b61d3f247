import { z } from 'zod';
import { describedParameters, type Answer, type Operation } from '../operation.js';
import { headerRef, type HeaderName } from '../shared-parts.js';

const chunk = {
  content: { 'application/offset+octet-stream': { schema: { type: 'string' as const, format: 'binary' } } },
};
const uploadIdParameter = describedParameters(z.object({ id: z.string() }), {
  id: 'Id of the upload, the last part of its `Location`.',
});

function emptyAnswer(description: string, headers: Readonly<Record<string, HeaderName>>): Answer {
  return {
    description,
    headers: Object.fromEntries(
      Object.entries({ 'Tus-Resumable': 'TusResumable' as const, ...headers }).map(([name, header]) => [
        name,
        headerRef(header),
      ]),
    ),
  };
}

const progress = { 'Upload-Offset': 'UploadOffset', 'Upload-Expires': 'UploadExpires' } as const;

const describeUploads: Operation = {
  method: 'options',
  path: '/v1/uploads',
  tag: 'Uploads',
  operationId: 'describeUploads',
  summary: 'What resumable uploads can do here',
  description: 'Version, extensions and largest size of the tus protocol on this server.',
  scope: 'submit',
  answers: {
    204: emptyAnswer('In the headers.', {
      'Tus-Version': 'TusResumable',
      'Tus-Extension': 'TusExtension',
      'Tus-Max-Size': 'TusMaxSize',
    }),
  },
  problems: [],
};

const writing = [
  'upload_incomplete',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'upload_checksum_mismatch',
  'upload_locked',
  'quota_exceeded',
  'storage_full',
] as const;

const createUpload: Operation = {
  method: 'post',
  path: '/v1/uploads',
  tag: 'Uploads',
  operationId: 'createUpload',
  summary: 'Begin a resumable upload',
  description: `The tus protocol, version 1.0: any tus client works with this address. The body may already hold the first bytes. What breaks off goes on where it was, also after the server was restarted, for 24 hours after the last byte. Afterwards submit it with \`{"source":{"uploadId":"…"}}\`; a finished upload is kept for 24 hours.`,
  scope: 'submit',
  parameters: ['TusResumable', 'UploadLength', 'UploadMetadata', 'UploadChecksum'],
  request: { body: { required: false, ...chunk } },
  answers: { 201: emptyAnswer('Send the bytes to `Location`.', { Location: 'UploadLocation', ...progress }) },
  problems: ['tus_version_unsupported', ...writing],
};

const lookAtUpload: Operation = {
  method: 'head',
  path: '/v1/uploads/{id}',
  tag: 'Uploads',
  operationId: 'lookAtUpload',
  summary: 'Where a resumable upload stands',
  description: 'Ends a request that still writes to the upload, so that the offset is what the next one has to name.',
  scope: 'submit',
  parameters: ['TusResumable'],
  request: { params: uploadIdParameter },
  answers: { 200: emptyAnswer('In the headers.', { 'Upload-Length': 'UploadLength', ...progress }) },
  problems: ['not_found', 'tus_version_unsupported', 'upload_expired', 'upload_locked'],
};

const continueUpload: Operation = {
  method: 'patch',
  path: '/v1/uploads/{id}',
  tag: 'Uploads',
  operationId: 'continueUpload',
  summary: 'Go on with a resumable upload',
  description:
    'Appends the body at the offset. What came before the line broke is kept, unless a checksum was announced for it. One request writes at a time; a newer one takes over.',
  scope: 'submit',
  parameters: ['TusResumable', 'UploadOffset', 'UploadChecksum'],
  request: { params: uploadIdParameter, body: { required: true, ...chunk } },
  answers: { 204: emptyAnswer('Stored; the upload is finished when the offset is its length.', progress) },
  problems: [
    'not_found',
    'tus_version_unsupported',
    'upload_expired',
    'upload_offset_mismatch',
    'too_many_parts',
    ...writing,
  ],
};

const deleteUpload: Operation = {
  method: 'delete',
  path: '/v1/uploads/{id}',
  tag: 'Uploads',
  operationId: 'deleteUpload',
  summary: 'Give a resumable upload up',
  description:
    'Deletes what was received, finished or not. Jobs made of it have a copy of their own; an upload that a batch is made of is refused with `conflict`.',
  scope: 'submit',
  parameters: ['TusResumable'],
  request: { params: uploadIdParameter },
  answers: { 204: emptyAnswer('Deleted.', {}) },
  problems: ['not_found', 'tus_version_unsupported', 'conflict', 'upload_locked'],
};

export const resumableUploadOperations: readonly Operation[] = [
  describeUploads,
  createUpload,
  lookAtUpload,
  continueUpload,
  deleteUpload,
];
