/** MODELS_URL to the source it names. */
import type { ObjectStore } from '../storage/object-store.js';
import { createFolderSource } from './folder-source.js';
import type { ModelSource } from './model-source.js';
import { createStoreSource } from './store-source.js';

const storeScheme = 'store:';

/** @param url a folder, or `store:<prefix>` for a prefix of the object store */
export function openModelSource(url: string, store: ObjectStore | undefined): ModelSource {
  if (!url.startsWith(storeScheme)) return createFolderSource(url);
  if (!store) throw new Error(`MODELS_URL "${url}" needs an object store`);
  return createStoreSource(store, url.slice(storeScheme.length).replace(/\/+$/, ''));
}
