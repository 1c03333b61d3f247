/**
 * Tensors that another batch with the same clips and features has left: a rescore takes them instead of decoding again.
 * They are good when they are of exactly the clips of this slice, which the other batch may have been cut without; clips that failed to decode there fail here for the same
 * reason, as they are in the pack already.
 */
import { isAppError } from '@timbre/shared/errors';
import { sha256Hex } from '@timbre/shared/digest';
import { decodeSlicePack } from '@timbre/shared/batch/slice-pack';
import type { BatchItem, BatchSpec } from '@timbre/shared/contracts/batch';
import type { PackReference } from '@timbre/shared/contracts/pipeline';
import { slicePackKey } from '@timbre/shared/storage/batch-keys';
import type { ObjectStore } from '@timbre/shared/storage/object-store';
import { decodeTensorPack } from '@timbre/shared/tensor-pack';
import type { SourceOfClips } from './source-specs.js';

export interface KeptTensors {
  reusable: PackReference | undefined;
  seconds: number;
}

const none: KeptTensors = { reusable: undefined, seconds: 0 };

export async function keptTensors(
  store: ObjectStore,
  source: SourceOfClips,
  { slice, spec, items }: { slice: number; spec: BatchSpec; items: readonly BatchItem[] },
): Promise<KeptTensors> {
  const owner = { tenant: source.spec.tenant, id: source.spec.id };
  const key = slicePackKey(owner, slice, spec.featureDigest);
  try {
    const content = await store.readAll(key);
    const { clips, done } = decodeSlicePack(content);
    // Results taken from elsewhere are of that batch's model.
    const packed = new Set(clips.map(({ item }) => item.index));
    const failed = new Set(done.filter(({ state }) => state === 'failed').map(({ index }) => index));
    if (done.some(({ state }) => state === 'succeeded')) return none;
    if (clips.length + done.length !== items.length) return none;
    if (!items.every(({ index }) => packed.has(index) || failed.has(index))) return none;
    const seconds = clips.reduce((sum, { pack }) => sum + decodeTensorPack(pack).facts.clip.durationSeconds, 0);
    const reusable = { key, bytes: content.length, sha256: sha256Hex(content), windows: clips.length };
    return { reusable: clips.length > 0 ? reusable : undefined, seconds };
  } catch (error) {
    if (isAppError(error) && ['object_missing', 'tensor_corrupt', 'storage_corrupt'].includes(error.code)) return none;
    throw error;
  }
}
