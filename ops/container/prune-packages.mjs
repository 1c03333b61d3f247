/**
 * Removes from node_modules what a Linux image never loads: ONNX Runtime's libraries for other systems and processors
 * (245 of 290 MB), source maps, type declarations and TypeScript sources.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const binaries = 'node_modules/onnxruntime-node/bin';
const keep = join('linux', process.arch);
if (existsSync(binaries))
  for (const napi of readdirSync(binaries))
    for (const system of readdirSync(join(binaries, napi)))
      for (const arch of readdirSync(join(binaries, napi, system)))
        if (join(system, arch) !== keep) rmSync(join(binaries, napi, system, arch), { recursive: true });

// A peer that some library could be compiled with.
rmSync('node_modules/typescript', { recursive: true, force: true });

const needless = /\.(d\.[cm]?ts|[cm]?js\.map|css\.map|tsx?|md|markdown)$/;
for (const entry of readdirSync('node_modules', { recursive: true, withFileTypes: true }))
  if (entry.isFile() && needless.test(entry.name) && !/^licen[sc]e/i.test(entry.name))
    rmSync(join(entry.parentPath, entry.name));
