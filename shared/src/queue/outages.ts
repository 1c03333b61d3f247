import type { ErrorCode } from '../error-catalog.js';

/** Faults of what we depend on, not of the clip: retried until the job's deadline, never counted against it. */
export const outages: ReadonlySet<ErrorCode> = new Set([
  'dependency_unavailable',
  'storage_misconfigured',
  'storage_full',
  'model_unavailable',
  'shutting_down',
]);
