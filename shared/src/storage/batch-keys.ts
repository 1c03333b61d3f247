/**
 * Where the objects of a batch lie. A manifest shard holds up to `shardItems` clips in the order of the source; a slice, the
 * unit of work, is a run of clips inside one shard.
 */
export const shardItems = 1000;

export interface BatchOwner {
  tenant: string;
  id: string;
}

const padded = (number: number) => String(number).padStart(6, '0');

export const batchPrefix = ({ tenant, id }: BatchOwner) => `batches/${tenant}/${id}/`;
export const batchSpecKey = (owner: BatchOwner) => `${batchPrefix(owner)}spec.json`;
/** The batch as clients see it, written once it has ended. */
export const batchOutcomeKey = (owner: BatchOwner) => `${batchPrefix(owner)}outcome.json`;
/** The archive or manifest as it was sent; deleted with the audio. */
export const batchSourceKey = (owner: BatchOwner) => `${batchPrefix(owner)}audio/source`;
/** A gzipped tar, inflated. */
export const batchInflatedKey = (owner: BatchOwner) => `${batchPrefix(owner)}audio/source.tar`;
export const batchAudioPrefix = (owner: BatchOwner) => `${batchPrefix(owner)}audio/`;
/** JSONL of `BatchItem`; `token` names the reading of the source that made it, here and below. */
export const manifestKey = (owner: BatchOwner, shard: number, token: string) =>
  `${batchPrefix(owner)}manifest/${padded(shard)}-${token}.jsonl`;
/** `ShardIndex`: the slices of a shard. */
export const shardIndexKey = (owner: BatchOwner, shard: number, token: string) =>
  `${batchPrefix(owner)}manifest/${padded(shard)}-${token}.json`;
/** First 8 bytes of the SHA-256 of each clip of a shard (zeros where unknown), for finding equal clips again. */
export const shardHashesKey = (owner: BatchOwner, shard: number, token: string) =>
  `${batchPrefix(owner)}manifest/${padded(shard)}-${token}.sha`;
/** JSONL of `ItemResult`; `token` names the attempt that made it. */
export const sliceResultKey = (owner: BatchOwner, slice: number, token: string) =>
  `${batchPrefix(owner)}results/${padded(slice)}-${token}.jsonl`;
export const sliceResultsPrefix = (owner: BatchOwner) => `${batchPrefix(owner)}results/`;
/** Tensor packs of the clips of a slice in one object. */
export const slicePackKey = (owner: BatchOwner, slice: number, featureDigest: string) =>
  `${batchPrefix(owner)}tensors/${padded(slice)}-${featureDigest.replace('sha256:', '').slice(0, 16)}`;
export const batchTensorsPrefix = (owner: BatchOwner) => `${batchPrefix(owner)}tensors/`;

/** A clip a tenant stored by its content, to be named in manifests. */
export const storedClipKey = (tenant: string, sha256: string) => `clips/${tenant}/${sha256.slice(0, 2)}/${sha256}`;
