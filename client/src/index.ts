/** What programs import from `@timbre/client`. */
export { TimbreApiError } from './api-error.js';
export { isBatchEnded } from './batches.js';
export type {
  BatchCalls,
  BatchContent,
  BatchDiff,
  BatchOptions,
  BatchPage,
  BatchResults,
  FollowedBatch,
  ItemFilter,
  ItemPage,
  RescoreOptions,
  ResultOptions,
  SubmittedBatch,
} from './batch-calls.js';
export type { ClipCalls } from './clips.js';
export {
  isJobEnded,
  type ClipJobs,
  type ClipUpload,
  type JobCalls,
  type JobFilter,
  type JobPage,
  type JobSource,
} from './jobs.js';
export type { Limits, ModelCalls, ServedModel, ServiceReadiness, SystemCalls } from './system.js';
export { createTimbreClient, type TimbreClient, type TimbreClientOptions } from './timbre-client.js';
export type { CallOptions } from './transport.js';
export type { SendOptions, UploadCalls, UploadOffset } from './uploads.js';
export type { WebhookCalls } from './webhooks.js';
