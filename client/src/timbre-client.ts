/**
 * The service's HTTP interface as typed calls, for browsers and Node. Leaves out on purpose: rendering, files, concurrency.
 * Answers are checked for what this client relies on and otherwise passed on, so a newer service with more fields works.
 */
import type { BatchCalls } from './batch-calls.js';
import { createBatchCalls } from './batches.js';
import { createClipCalls, type ClipCalls } from './clips.js';
import { createClassify, createJobCalls, type Classify, type JobCalls } from './jobs.js';
import { createModelCalls, createSystemCalls, type ModelCalls, type SystemCalls } from './system.js';
import { createTransport, type TransportOptions } from './transport.js';
import { createUploadCalls, type UploadCalls } from './uploads.js';
import { createWebhookCalls, type WebhookCalls } from './webhooks.js';

export type TimbreClientOptions = TransportOptions;

/** Every call throws `TimbreApiError` for an answer that is no success, after retries, and the reason of an abort. */
export interface TimbreClient {
  readonly baseUrl: string;
  jobs: JobCalls;
  classify: Classify;
  batches: BatchCalls;
  clips: ClipCalls;
  uploads: UploadCalls;
  models: ModelCalls;
  system: SystemCalls;
  webhooks: WebhookCalls;
}

export function createTimbreClient(options: TimbreClientOptions): TimbreClient {
  const transport = createTransport(options);
  const jobs = createJobCalls(transport);
  return {
    baseUrl: options.baseUrl,
    jobs,
    classify: createClassify(transport, jobs),
    batches: createBatchCalls(transport),
    clips: createClipCalls(transport),
    uploads: createUploadCalls(transport),
    models: createModelCalls(transport),
    system: createSystemCalls(transport, options.fetch ?? ((input, init) => fetch(input, init))),
    webhooks: createWebhookCalls(transport),
  };
}
