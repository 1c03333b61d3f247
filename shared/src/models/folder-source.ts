/** Model folders on a file system. Symbolic links are followed, because Kubernetes mounts volumes through them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cardFile, maxCardBytes, onnxFile, type ModelFolder, type ModelSource } from './model-source.js';

export function createFolderSource(folder: string): ModelSource {
  const root = resolve(folder);
  const path = (id: string, file: string) => join(root, id, file);
  return {
    async list() {
      const names = (await readdir(root)).filter((name) => !name.startsWith('.')).sort();
      const folders = await Promise.all(names.map((name) => inspect(root, name)));
      return folders.filter((found) => found.hasCard || found.hasOnnx);
    },
    async readCard(id) {
      const { size } = await stat(path(id, cardFile));
      if (size > maxCardBytes) throw new Error(`${cardFile} is over ${maxCardBytes} bytes`);
      return readFile(path(id, cardFile));
    },
    readOnnx: (id) => readFile(path(id, onnxFile)),
    async hashOnnx(id) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path(id, onnxFile)), hash);
      return hash.digest('hex');
    },
    location: (id) => join(root, id),
  };
}

async function inspect(root: string, id: string): Promise<ModelFolder> {
  const [card, onnx] = await Promise.all([cardFile, onnxFile].map((file) => markOf(join(root, id, file))));
  return {
    id,
    revision: `${card ?? '-'} ${onnx ?? '-'}`,
    hasCard: card !== undefined,
    hasOnnx: onnx !== undefined,
  };
}

/** Inode, size and time of change: an atomic rename changes the first, writing in place the last. */
async function markOf(path: string): Promise<string | undefined> {
  try {
    const facts = await stat(path);
    return facts.isFile() ? `${facts.ino}:${facts.size}:${facts.mtimeMs}` : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
