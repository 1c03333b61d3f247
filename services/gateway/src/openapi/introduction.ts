/** The text at the head of the API document, and the groups its calls are in. */
import type { Tag } from './operation.js';

export const tags: Readonly<Record<Tag, string>> = {
  Classify: 'One clip, one call, one answer.',
  Jobs: 'Submit clips, wait for them, follow them, cancel them, run them again.',
  Batches:
    'A whole archive, manifest, list or folder of the store as one batch: follow it, read its results while it runs, run what failed again, score it with another model.',
  Uploads: 'Send bytes first and name them later.',
  Webhooks: `Being told. Where a job or batch has a \`webhookUrl\`, a signed POST goes there once it has ended (Standard Webhooks 1.0: \`webhook-id\`, \`webhook-timestamp\`, \`webhook-signature\`), with \`{type, timestamp, url, data}\` under 20 kB. Anything but a 2xx within 15 seconds is tried again, ten times over three days; 410 ends it. The same message may come twice: the \`webhook-id\` tells.`,
  Models: 'What can be recognised, and how well.',
  System: 'Health and limits.',
  Operators: 'Queues, processes and failures of the whole system; for keys with the scope `admin`.',
  Pages: 'This document and pages for people.',
};

export function introduction(serverUrl: string): string {
  return `Timbre tells which instrument plays in a recording. Send a clip:

    curl -F file=@take3.wav ${serverUrl}/v1/classify

The answer is a job with the decision, a calibrated confidence, a timeline and the time each step took. \`POST /v1/jobs\` answers at once; wait with \`?waitSeconds=\` or the event stream. For many clips send an archive to \`POST /v1/batches\`; for a microphone open a WebSocket at \`/v1/stream\`.

**Keys.** Where keys are in force, send \`Authorization: Bearer <key>\` (or \`X-API-Key\`). A key belongs to one tenant and has scopes: \`submit\`, \`read\`, \`admin\` (all of them). Jobs of other tenants do not exist for it: \`not_found\`. A gateway on a loopback address needs no key unless told so; it then answers local programs only.

**Errors** are problem documents (RFC 9457, \`application/problem+json\`) with a stable \`code\`. Each call lists the codes it can give; \`/problems/<code>\` says what helps. An address nobody knows answers \`not_found\`, a known one with another method \`method_not_allowed\`. Answers with \`Retry-After\` mean: the same request again, after that many seconds.

**Conventions.** JSON is camelCase; times are ISO 8601 in UTC; durations are in seconds unless the name says otherwise; unknown fields are refused. Every answer has an \`X-Request-Id\`. Clips are limited in size, length, channels and rate: \`GET /v1/limits\`.

Metrics and the queue board are on a listener of their own, not part of this API.`;
}
