/** A new job gets its own copy of another job's audio, so that each can expire on its own. */
import type { JobSpec } from '@timbre/shared/contracts/job';
import { audioKey } from '@timbre/shared/storage/job-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { AppError } from '@timbre/shared/errors';

/** @throws AppError `not_found` when the audio is gone and there is no address to fetch it from again */
export async function copySource(store: ObjectStore, from: JobSpec, jobId: string): Promise<JobSpec['source']> {
  const key = audioKey({ tenant: from.tenant, id: jobId });
  const { uri } = from.source;
  if (!(await store.head(from.source.key))) {
    if (uri === undefined) throw new AppError('not_found', { detail: 'the audio of this job is no longer kept' });
    return { key, uri };
  }
  const { bytes, sha256 } = await store.put(key, await store.get(from.source.key));
  return { key, bytes, sha256 };
}
