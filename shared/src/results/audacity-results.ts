/**
 * Label tracks for Audacity, one text file a clip beside which it can be laid: `start<TAB>end<TAB>label`, seconds, UTF-8
 * (manual, "Importing and Exporting Labels"). All of a batch come as one tar.gz. Failed clips have no file, because an
 * empty label track would say that nothing sounds.
 */
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { ItemResult } from '../contracts/batch.js';
import type { JobResult, Segment } from '../contracts/job.js';
import { labelFileName } from './label-file-name.js';
import { SeenNames } from './seen-names.js';
import { tarEnd, tarEntry } from './tar-entry.js';

export function audacityResults(items: AsyncIterable<ItemResult>): AsyncGenerator<Buffer> {
  return gzipped(labelFiles(items));
}

/** Every segment, silence included: a label track shows the whole time of its clip. */
export function audacityLabels({ segments }: Pick<JobResult, 'segments'>): string {
  return segments.map(lineOf).join('');
}

function lineOf({ startSeconds, endSeconds, label, confidence }: Segment): string {
  const name = label.replaceAll(/[\t\r\n]+/g, ' ');
  const text = label === 'mute' ? name : `${name} ${confidence.toFixed(2)}`;
  return `${startSeconds.toFixed(6)}\t${endSeconds.toFixed(6)}\t${text}\n`;
}

async function* labelFiles(items: AsyncIterable<ItemResult>): AsyncGenerator<Buffer> {
  const seen = new SeenNames();
  for await (const { path, index, result, finishedAtMs } of items) {
    if (!result) continue;
    const name = freeName(labelFileName(path), index, seen);
    yield tarEntry(name, Buffer.from(audacityLabels(result)), finishedAtMs);
  }
  yield tarEnd;
}

/** Of clips with one name (letter case and Unicode form aside) the later get their index: `take.wav-17.txt`. */
function freeName(name: string, index: number, seen: SeenNames): string {
  let free = name;
  while (seen.add(free.normalize('NFC').toLowerCase())) free = free.replace(/\.txt$/, `-${index}.txt`);
  return free;
}

/** The reader sets the pace; an error of the source is thrown to it, and its end ends the source. */
async function* gzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip();
  pipeline(Readable.from(source, { objectMode: false }), gzip, () => undefined);
  yield* gzip as AsyncIterable<Buffer>;
}
