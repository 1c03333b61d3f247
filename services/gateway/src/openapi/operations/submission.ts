/** What all calls that take a clip have in common: their bodies, their fields, and the ways in which they refuse. */
import type { ZodRequestBody } from '@asteasolutions/zod-to-openapi';
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import { submitFieldsSchema } from '@timbre/shared/contracts/job';
import { submitFieldDescriptions } from '../glossary.js';
import { clipFormSchema } from '../named-schemas.js';
import { describedParameters } from '../operation.js';

const bytes = { schema: { type: 'string' as const, format: 'binary' } };

/** A clip as a form or as a raw body. */
export const clipContent: ZodRequestBody['content'] = {
  'multipart/form-data': { schema: clipFormSchema },
  'audio/*': bytes,
  'video/*': bytes,
  'application/ogg': bytes,
  'application/octet-stream': bytes,
};

/** The fields of a form may stand in the address as well, which is where they go with a raw body. */
export const submitQuery = describedParameters(submitFieldsSchema, submitFieldDescriptions);

export const clipProblems: readonly ErrorCode[] = [
  'upload_incomplete',
  'multipart_malformed',
  'file_missing',
  'model_not_found',
  'request_timeout',
  'idempotency_in_progress',
  'payload_too_large',
  'too_many_parts',
  'unsupported_media_type',
  'checksum_mismatch',
  'idempotency_mismatch',
  'quota_exceeded',
  'queue_full',
  'shutting_down',
  'model_unavailable',
  'storage_full',
];

/** Beyond `clipProblems`, where a JSON body may name a clip that is elsewhere. */
export const referenceProblems: readonly ErrorCode[] = ['invalid_json', 'not_found', 'url_forbidden'];

/** Codes a clip that was sent can fail with; not those of fetching a URL and of batches. */
export const clipFailures: readonly ErrorCode[] = (Object.keys(errorCatalog) as ErrorCode[]).filter(
  (code) => errorCatalog[code].level === 'item' && !/^(url_|archive_|batch_|manifest_)/.test(code),
);
