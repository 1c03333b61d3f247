/** What programs import from `@timbre/client`. */
export { TimbreApiError } from './api-error.js';
export {
  isBatchEnded,
  type BatchCalls,
  type BatchContent,
  type BatchDiff,
  type BatchOptions,
  type BatchPage,
  type BatchResults,
  type FollowedBatch,
  type ItemFilter,
  type ItemPage,
  type RescoreOptions,
  type ResultOptions,
  type SubmittedBatch,
} from './batches.js';
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
