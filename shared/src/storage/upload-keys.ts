/**
 * Where the objects of a resumable upload lie: a folder of its own with what is known about it and its parts. A part is named
 * by the offset of its first byte and by the request that wrote it, so that two writers who believe the same upload to be
 * theirs never replace each other's bytes. Uploads to a signed URL are single objects at `incomingKey`.
 */
import { incomingKey } from './job-keys.js';

export interface UploadOwner {
  tenant: string;
  id: string;
}

export const uploadPrefix = ({ tenant, id }: UploadOwner) => `${incomingKey(tenant, id)}/`;
export const uploadInfoKey = (owner: UploadOwner) => `${uploadPrefix(owner)}info.json`;
export const uploadPartKey = (owner: UploadOwner, offset: number, token: string) =>
  `${uploadPrefix(owner)}${String(offset).padStart(15, '0')}-${token}`;

/** Offset of the first byte of a part; `undefined` for other keys. */
export function parsePartKey(key: string): number | undefined {
  const [, offset] = /\/(\d{15})-[0-9a-f]{8}$/.exec(key) ?? [];
  return offset === undefined ? undefined : Number(offset);
}

/** The folder of the upload that a key under `incoming/` belongs to; `undefined` for single objects. */
export function uploadPrefixOf(key: string): string | undefined {
  return /^incoming\/[^/]+\/u[0-9a-f]{32}\//.exec(key)?.[0];
}
