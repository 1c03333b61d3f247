/** Specs of the batches that others take their clips from (a rescore, a start after a preflight), kept for the next slice. */
import { AppError } from '@timbre/shared/errors';
import { batchSpecSchema, type BatchSpec } from '@timbre/shared/contracts/batch';
import { batchSpecKey } from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';

/** Where the clips of a batch come from in the end. */
export interface SourceOfClips {
  spec: BatchSpec;
}

export interface SourceSpecs {
  /** @throws AppError `object_missing` when the batch that has the clips is gone */
  of(spec: BatchSpec): Promise<SourceOfClips>;
}

const most = 64;

export function createSourceSpecs(store: ObjectStore): SourceSpecs {
  const known = new Map<string, BatchSpec>();
  return {
    async of(spec) {
      let at = spec;
      while (at.source.kind === 'batch') {
        const { batchId } = at.source;
        const found = known.get(batchId) ?? (await read(store, spec.tenant, batchId));
        if (known.size >= most) known.clear();
        known.set(batchId, found);
        at = found;
      }
      return { spec: at };
    },
  };
}

async function read(store: ObjectStore, tenant: string, id: string): Promise<BatchSpec> {
  const parsed = batchSpecSchema.safeParse(JSON.parse((await store.readAll(batchSpecKey({ tenant, id }))).toString()));
  if (!parsed.success) throw new AppError('storage_corrupt', { cause: parsed.error });
  return parsed.data;
}
