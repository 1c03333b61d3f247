/** The import stores an operator names in IMPORT_URLS. */
import { AppError } from '../errors.js';
import { parseStoreUrl } from './create-object-store.js';
import { createFileImportStore } from './file-import-store.js';
import { createS3ImportStore } from './s3-import-store.js';
import type { ImportStore } from './import-store.js';

/** @throws AppError `storage_misconfigured` */
export function openImportStores(urls: string | undefined): ImportStore[] {
  const named = (urls ?? '').split(',').flatMap((url) => url.trim() || []);
  return named.map((url) => {
    const location = parseStoreUrl(url, '');
    return location.kind === 'file' ? createFileImportStore(location.root) : createS3ImportStore(location);
  });
}

/** @throws AppError `invalid_parameter` when the address lies in none of the stores */
export function locateImport(stores: readonly ImportStore[], address: string): { store: number; prefix: string } {
  for (const [store, { address: start }] of stores.entries())
    if (address.startsWith(start)) return { store, prefix: address.slice(start.length) };
  throw new AppError('invalid_parameter', {
    detail: '/source/prefix: not inside a place the operator offers for import',
    details: { offered: stores.map(({ address: start }) => start) },
  });
}
