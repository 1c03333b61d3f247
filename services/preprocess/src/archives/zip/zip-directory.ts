/**
 * The central directory of a zip, entry by entry, by yauzl. Only the directory is believed, never what a scan of the file
 * would find; names and sizes come through unchecked, as one bad entry must not end the reading.
 */
import { AppError } from '@timbre/shared/errors';
import yauzl from 'yauzl';
import { corruptArchive } from '../archive-damage.js';
import type { ByteSource } from '../byte-source.js';
import { SourceWindows } from '../source-windows.js';

const DIRECTORY_WINDOWS = { first: 64 * 1024, largest: 1024 * 1024 };
const DIRECTORY_SIGNATURE = 0x02014b50;
/** The count of entries has 16 bits where there is no ZIP64. */
const COUNT_WRAP = 65_536;

export type ZipEntry = yauzl.Entry;

class DirectoryReader extends yauzl.RandomAccessReader {
  /** What the source failed with: not a fault of the archive. */
  failure: { error: unknown } | undefined;

  constructor(readonly windows: SourceWindows) {
    super();
  }

  override read(...request: Parameters<yauzl.RandomAccessReader['read']>): void {
    const [buffer, offset, length, position, callback] = request;
    this.windows.bytes(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset);
        callback(bytes.length < length ? new Error('It points behind its end.') : null);
      },
      (error: unknown) => {
        this.failure = { error };
        callback(new Error('the source failed', { cause: error }));
      },
    );
  }
}

/** @throws AppError `archive_corrupt`, with the entries before the damage in `details.afterEntries` */
export async function* readZipDirectory(source: ByteSource, signal: AbortSignal): AsyncGenerator<ZipEntry, void> {
  const reader = new DirectoryReader(new SourceWindows(source, signal, DIRECTORY_WINDOWS));
  let count = 0;
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, source.bytes, {
      decodeStrings: false,
      validateEntrySizes: false,
      autoClose: false,
    });
    const entries = zip.eachEntry();
    for (;;) {
      if (zip.entriesRead === zip.entryCount && (await hasWrappedCount(zip, reader.windows)))
        zip.entryCount += COUNT_WRAP;
      const next = await entries.next();
      if (next.done === true) return;
      yield next.value;
      count++;
    }
  } catch (error) {
    if (reader.failure) throw reader.failure.error;
    if (error instanceof AppError) throw error;
    throw corruptArchive(reasonOf(error), count, error);
  }
}

/** Packers without ZIP64 write the count of entries modulo 65,536: the directory goes on where it should have ended. */
async function hasWrappedCount(zip: yauzl.ZipFile, windows: SourceWindows): Promise<boolean> {
  const next = await windows.bytes(Number(zip.readEntryCursor), 4);
  return next.length === 4 && next.readUInt32LE(0) === DIRECTORY_SIGNATURE;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('End of central directory')) return 'It has no directory: it is cut, or not a zip.';
  if (message.startsWith('multi-disk')) return 'It is one part of a split zip.';
  if (message.startsWith('strong encryption')) return 'Its directory is encrypted.';
  return 'Its directory is damaged.';
}
