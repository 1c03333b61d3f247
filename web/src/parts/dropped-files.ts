/** Files with their paths, out of what was dropped: single files, and folders with all that is in them. */

export interface NamedFile {
  file: File;
  /** Relative, with `/`; the name alone for a single file. */
  path: string;
}

export async function filesOfDrop(transfer: DataTransfer): Promise<NamedFile[]> {
  // Entries live only as long as the event, so all are taken before anything is awaited.
  const entries = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = await Promise.all(
    entries.map(async ({ entry, file }) => {
      if (entry?.isDirectory) return filesUnder(entry as FileSystemDirectoryEntry);
      return file ? [{ file, path: file.name }] : [];
    }),
  );
  return found.flat();
}

async function filesUnder(folder: FileSystemDirectoryEntry): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory) found.push(...(await filesUnder(entry as FileSystemDirectoryEntry)));
    else found.push({ file: await fileOf(entry as FileSystemFileEntry), path: entry.fullPath.replace(/^\//, '') });
  }
  return found;
}

/** A reader gives at most 100 entries at a time, and none at the end. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
