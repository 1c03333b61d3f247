/** Names of the decoders with the versions that are really installed, for `facts.decoder`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const { resolve } = createRequire(import.meta.url);
const names = new Map<string, string>();

/** `name version` of an installed package, read once from the `package.json` above its entry point. */
export function decoderName(packageName: string): string {
  const known = names.get(packageName);
  if (known) return known;
  const name = `${packageName} ${packageVersion(dirname(resolve(packageName)), packageName)}`;
  names.set(packageName, name);
  return name;
}

/** Our own readers of uncompressed audio. */
export function ownDecoderName(): string {
  return `@timbre/preprocess ${packageVersion(import.meta.dirname, '@timbre/preprocess')}`;
}

function packageVersion(folder: string, packageName: string): string {
  const manifest = readManifest(join(folder, 'package.json'));
  if (manifest?.name === packageName && manifest.version) return manifest.version;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no package.json of ${packageName}`);
  return packageVersion(parent, packageName);
}

function readManifest(path: string): { name?: string; version?: string } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
  } catch {
    return null;
  }
}
