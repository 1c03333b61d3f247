/** Model folders under a prefix of the object store: `<prefix>/<id>/model.json` and `model.onnx`. */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { ObjectInfo, ObjectStore } from '../storage/object-store.js';
import { cardFile, maxCardBytes, onnxFile, type ModelFolder, type ModelSource } from './model-source.js';

export function createStoreSource(store: ObjectStore, prefix: string): ModelSource {
  const base = prefix === '' ? '' : `${prefix}/`;
  const key = (id: string, file: string) => `${base}${id}/${file}`;
  return {
    async list() {
      const folders = new Map<string, ModelFolder>();
      for await (const object of store.list(base)) note(folders, object, base);
      return [...folders.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    readCard: (id) => store.readAll(key(id, cardFile), { maxBytes: maxCardBytes }),
    readOnnx: (id) => store.readAll(key(id, onnxFile)),
    async hashOnnx(id) {
      const hash = createHash('sha256');
      await pipeline(await store.get(key(id, onnxFile)), hash);
      return hash.digest('hex');
    },
    location: (id) => `store:${base}${id}`,
  };
}

/** Keys come in key order, so a folder's revision does not depend on chance. */
function note(folders: Map<string, ModelFolder>, object: ObjectInfo, base: string): void {
  const [id, file, ...rest] = object.key.slice(base.length).split('/');
  if (!id || rest.length > 0 || (file !== cardFile && file !== onnxFile)) return;
  const folder = folders.get(id) ?? { id, revision: '', hasCard: false, hasOnnx: false };
  folder.revision += `${file}:${object.bytes}:${object.modifiedAt.getTime()} `;
  if (file === cardFile) folder.hasCard = true;
  else folder.hasOnnx = true;
  folders.set(id, folder);
}
