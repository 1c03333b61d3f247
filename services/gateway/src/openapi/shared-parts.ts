/** Headers, parameters and security schemes that several calls share. */
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';

const headers = {
  RequestId: {
    description: 'Id of this request, as in logs and problem documents.',
    schema: { type: 'string' },
    example: '0f8fad5b-d9cb-469f-a165-70867728950e',
  },
  JobLocation: {
    description: 'Address of the job.',
    schema: { type: 'string' },
    example: '/v1/jobs/j9f86d081884c7d659a2feaa0c55ad015',
  },
  BatchLocation: {
    description: 'Address of the batch.',
    schema: { type: 'string' },
    example: '/v1/batches/b3e9f842e06cea5b2446865ffa2b6cfae',
  },
  Complete: {
    description: '`true` when the batch has ended; while it runs more is to come.',
    schema: { type: 'string', pattern: '^(true|false)$' },
    example: 'true',
  },
  ContentDisposition: {
    description: 'A file name.',
    schema: { type: 'string' },
    example: 'attachment; filename="b3e9f842e06cea5b2446865ffa2b6cfae.csv"',
  },
  IdempotencyReplayed: {
    description: '`true` when an earlier request with this `Idempotency-Key` made the job or batch.',
    schema: { type: 'string' },
    example: 'true',
  },
  RateLimit: {
    description: 'Requests left (`r`) and seconds until more are (`t`).',
    schema: { type: 'string' },
    example: '"default";r=199;t=1',
  },
  RateLimitPolicy: {
    description: 'The rule: requests at once (`q`) and the seconds in which they come back (`w`).',
    schema: { type: 'string' },
    example: '"default";q=200;w=2',
  },
  TusResumable: {
    description: 'Version of the tus protocol.',
    schema: { type: 'string' },
    example: '1.0.0',
  },
  TusExtension: {
    description: 'Extensions of the tus protocol that are spoken here.',
    schema: { type: 'string' },
    example: 'creation,creation-with-upload,termination,expiration,checksum',
  },
  TusMaxSize: {
    description: 'Largest upload, in bytes.',
    schema: { type: 'integer', minimum: 0 },
    example: 68_719_476_736,
  },
  UploadLocation: {
    description: 'Address of the upload; its last part is the `uploadId`.',
    schema: { type: 'string' },
    example: '/v1/uploads/u3a7bd3e2360a3d29eea436fcfb7e44c7',
  },
  UploadOffset: {
    description: 'Bytes stored so far.',
    schema: { type: 'integer', minimum: 0 },
    example: 8_388_608,
  },
  UploadLength: {
    description: 'Bytes of the whole file.',
    schema: { type: 'integer', minimum: 0 },
    example: 67_108_864,
  },
  UploadExpires: {
    description: 'When the upload is deleted if nothing more comes.',
    schema: { type: 'string' },
    example: 'Mon, 23 Nov 2026 10:15:00 GMT',
  },
  RetryAfter: {
    description: 'Seconds to wait before sending the request again.',
    schema: { type: 'integer', minimum: 0 },
    example: 10,
  },
} as const;

/** Without examples: the documentation page would fill its forms with them. */
const parameters = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Id of your own for this request, used in our logs; one is made when it is missing.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' },
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    description: 'W3C trace context; the trace follows the job through all processes.',
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes the request safe to send again: for 24 hours the same key with the same content answers with the same job or batch, and with other content is refused. 1 to 255 printable ASCII characters, such as `import-2026-11-22-take3`.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  ContentDigest: {
    name: 'Content-Digest',
    in: 'header',
    description:
      'SHA-256 of a raw body (RFC 9530), as `sha-256=:<base64>:`; a body that differs is refused with `checksum_mismatch`.',
    schema: { type: 'string' },
  },
  PreferWait: {
    name: 'Prefer',
    in: 'header',
    description: '`wait=N` (RFC 7240): seconds to wait, where `waitSeconds` is not given.',
    schema: { type: 'string' },
  },
  TusResumable: {
    name: 'Tus-Resumable',
    in: 'header',
    required: true,
    description: 'Version of the tus protocol.',
    schema: { type: 'string', pattern: '^1\\.0\\.0$' },
  },
  UploadLength: {
    name: 'Upload-Length',
    in: 'header',
    required: true,
    description: 'Bytes of the whole file.',
    schema: { type: 'integer', minimum: 0 },
  },
  UploadMetadata: {
    name: 'Upload-Metadata',
    in: 'header',
    description: 'Pairs of a key and a value in base64, parted by commas; `filename` names the clip or batch.',
    schema: { type: 'string', maxLength: 4096 },
  },
  UploadOffset: {
    name: 'Upload-Offset',
    in: 'header',
    required: true,
    description: 'Where this body begins: what `HEAD` answers.',
    schema: { type: 'integer', minimum: 0 },
  },
  UploadChecksum: {
    name: 'Upload-Checksum',
    in: 'header',
    description: 'Checksum of this body: `sha1`, `sha256` or `md5`, a blank, the digest in base64.',
    schema: { type: 'string' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: '`id` of the last event seen; the stream goes on after it.',
    schema: { type: 'integer', minimum: 0 },
  },
} as const;

const securitySchemes = {
  bearerKey: { type: 'http', scheme: 'bearer', description: 'API key as `Authorization: Bearer <key>`.' },
  headerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'API key in a header of its own.' },
  basicKey: { type: 'http', scheme: 'basic', description: 'API key as the password, with any user name.' },
} as const;

export type HeaderName = keyof typeof headers;
export type ParameterName = keyof typeof parameters;

/** Headers of answers to requests with a key. */
export const rateLimitHeaders = { RateLimit: 'RateLimit', 'RateLimit-Policy': 'RateLimitPolicy' } as const;

export const headerRef = (name: HeaderName) => ({ $ref: `#/components/headers/${name}` });
export const parameterRef = (name: ParameterName) => ({ $ref: `#/components/parameters/${name}` });

/** One of the three ways to send a key, with the scope the key needs. */
export const securityFor = (scope: string) => Object.keys(securitySchemes).map((scheme) => ({ [scheme]: [scope] }));

export function registerSharedParts(registry: OpenAPIRegistry): void {
  for (const [name, header] of Object.entries(headers)) registry.registerComponent('headers', name, header);
  for (const [name, parameter] of Object.entries(parameters)) registry.registerComponent('parameters', name, parameter);
  for (const [name, scheme] of Object.entries(securitySchemes))
    registry.registerComponent('securitySchemes', name, scheme);
}
