// Compiles the kernel into src/features/kernel-binary.ts; with --check only says whether that file is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, '../src/features/kernel-binary.ts');

const flags = [
  '--enable',
  'simd',
  '-O3',
  '--runtime',
  'stub',
  '--noAssert',
  '--importMemory',
  '--outFile',
  'kernel.wasm',
];
let binary;
const { error, stderr } = await asc.main(['index.ts', ...flags], {
  readFile: (name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return null;
    }
  },
  writeFile: (_name, contents) => (binary = contents),
  listFiles: () => [],
});
if (error || !binary) {
  console.error(stderr.toString());
  process.exit(1);
}

const lines = Buffer.from(binary)
  .toString('base64')
  .match(/.{1,100}/g);
const source = `// Generated from services/preprocess/kernel by \`npm run build:kernel -w services/preprocess\`: do not edit.

/** The feature kernel as WebAssembly, base64. */
export const kernelBinary = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`;
if (!process.argv.includes('--check')) writeFileSync(target, source);
else if (readFileSync(target, 'utf8') !== source) {
  console.error('src/features/kernel-binary.ts is not what kernel/*.ts compiles to: run `npm run build:kernel`');
  process.exit(1);
}
console.log(`kernel: ${binary.length} bytes`);
