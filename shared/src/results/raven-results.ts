/**
 * One selection table for Raven over all clips: tab separated, one row for each segment that is not mute.
 *
 * `Begin Time (s)` counts through the clips laid end to end, as Raven does for a sequence of files; `File Offset (s)` is the
 * time within the clip, which `Begin Path` and `Begin File` name. Clips that failed but have a length take their place.
 */
import type { ItemResult } from '../contracts/batch.js';
import type { Segment } from '../contracts/job.js';
import { byteChunks } from './byte-chunks.js';

const header = [
  'Selection',
  'View',
  'Channel',
  'Begin Time (s)',
  'End Time (s)',
  'Low Freq (Hz)',
  'High Freq (Hz)',
  'Begin Path',
  'Begin File',
  'File Offset (s)',
  'Label',
  'Score',
];
/** Upper edge of the boxes where the rate of a clip is not known: that of hearing. */
const hearingHz = 20_000;

export function ravenResults(items: AsyncIterable<ItemResult>): AsyncGenerator<Buffer> {
  return byteChunks(rows(items));
}

async function* rows(items: AsyncIterable<ItemResult>): AsyncGenerator<string> {
  yield rowOf(header);
  let selection = 0;
  let clipStart = 0;
  for await (const item of items) {
    const heard = item.result?.segments.filter(({ label }) => label !== 'mute') ?? [];
    const text = heard.map((segment, at) => rowOf(selectionOf(item, segment, selection + at + 1, clipStart)));
    selection += heard.length;
    clipStart += item.clip.durationSeconds ?? 0;
    if (text.length > 0) yield text.join('');
  }
}

function selectionOf({ path, clip }: ItemResult, segment: Segment, selection: number, clipStart: number): string[] {
  const { startSeconds, endSeconds, label, confidence } = segment;
  const highHz = clip.sampleRateHz === undefined ? hearingHz : clip.sampleRateHz / 2;
  return [
    String(selection),
    'Spectrogram 1',
    '1',
    (clipStart + startSeconds).toFixed(6),
    (clipStart + endSeconds).toFixed(6),
    '0',
    String(highHz),
    path,
    path.split(/[/\\]/).at(-1) ?? path,
    startSeconds.toFixed(6),
    label,
    confidence.toFixed(4),
  ];
}

function rowOf(cells: readonly string[]): string {
  return `${cells.map((cell) => cell.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')}\n`;
}
