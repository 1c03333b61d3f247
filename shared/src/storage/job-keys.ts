/**
 * Where the objects of a job and of a tensor pack lie. All keys are generated; names of users are never part of them. Two
 * characters of the id spread jobs over 256 folders, so that no job needs a folder of its own and none grows huge.
 */
import type { JobSpec } from '../contracts/job.js';

type Owner = Pick<JobSpec, 'id' | 'tenant'>;

export const jobPrefix = ({ tenant, id }: Owner) => `jobs/${tenant}/${id.slice(1, 3)}/${id}.`;
export const audioKey = (owner: Owner) => `${jobPrefix(owner)}audio`;
export const submissionKey = (owner: Owner) => `${jobPrefix(owner)}submission.json`;
/** The finished job as clients see it, written once it is terminal. */
export const outcomeKey = (owner: Owner) => `${jobPrefix(owner)}outcome.json`;

/** The tensor pack of a fleeting job: its own, so that it can be deleted with it. */
export const fleetingPackKey = (owner: Owner) => `${jobPrefix(owner)}tensors`;
/** Outline of the sound for drawing, made while the clip is decoded. */
export const peaksKey = (owner: Owner) => `${jobPrefix(owner)}peaks.json`;

/** Tenant, job and object name of a key under `jobs/`. */
export function parseJobKey(key: string): { tenant: string; id: string; name: string } | undefined {
  const [, tenant, id, name] = /^jobs\/([^/]+)\/[0-9a-f]{2}\/(j[0-9a-f]{32})\.(.+)$/.exec(key) ?? [];
  return tenant && id && name ? { tenant, id, name } : undefined;
}

export const incomingKey = (tenant: string, uploadId: string) => `incoming/${tenant}/${uploadId}`;

/** Content-addressed within a tenant: the same clip and feature spec give the same pack. */
export function tensorPackKey(tenant: string, clipSha256: string, featureDigest: string): string {
  return `tensors/${tenant}/${clipSha256.slice(0, 2)}/${clipSha256}-${featureDigest.replace('sha256:', '').slice(0, 16)}`;
}
