/**
 * The page that `web/` builds: its files, read once and compressed once, and read again when it has been built again. Only
 * names that the build wrote are served, so no path of a request ever reaches the file system.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export interface PageFile {
  type: string;
  plain: Buffer;
  /** Absent for what is compressed already. */
  gzip?: Buffer;
  br?: Buffer;
}

export interface BuiltPage {
  index: PageFile;
  /** By file name; each name changes with its content. */
  assets: ReadonlyMap<string, PageFile>;
}

/** The same from `src` and from `dist`. */
export const builtPageFolder = fileURLToPath(new URL('../../../../../web/dist/', import.meta.url));

/** Scripts, styles, fonts, workers and calls come from this server only; clips are played from memory. */
export const builtPagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  // Licences of what is built in.
  '': 'text/plain; charset=utf-8',
};
const compressible = new Set(['.html', '.js', '.css', '.svg']);

/** @returns a function that answers the page as it is built now; undefined when it is not */
export function createBuiltPage(folder: string): () => Promise<BuiltPage | undefined> {
  let known: { builtAtMs: number; page: Promise<BuiltPage> } | undefined;
  return async () => {
    try {
      const { mtimeMs } = await stat(join(folder, 'index.html'));
      if (known?.builtAtMs !== mtimeMs) known = { builtAtMs: mtimeMs, page: readPage(folder) };
      return await known.page;
    } catch (error) {
      known = undefined;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

async function readPage(folder: string): Promise<BuiltPage> {
  const names = await readdir(join(folder, 'assets'));
  const assets = await Promise.all(
    names.map(async (name) => [name, await readPageFile(join(folder, 'assets', name))] as const),
  );
  return { index: await readPageFile(join(folder, 'index.html')), assets: new Map(assets) };
}

async function readPageFile(path: string): Promise<PageFile> {
  const plain = await readFile(path);
  const type = types[extname(path)] ?? 'application/octet-stream';
  if (!compressible.has(extname(path))) return { type, plain };
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  const [zipped, br] = await Promise.all([promisify(gzip)(plain), promisify(brotliCompress)(plain, { params })]);
  return { type, plain, gzip: zipped, br };
}
