/** How far the sending of files is, in one line. */
import { drawProgress } from '../terminal/bar.js';
import { formatBytes, formatCount, formatSeconds } from '../terminal/quantities.js';
import type { SendProgress } from './send-clips.js';

const BAR_WIDTH = 24;
/** A pace over less than this says nothing. */
const LEAST_SECONDS = 1;

/** `██░░ 412/2,000 files, 31.2/s, 51 s left, 54.5 MB sent, 12 there already` */
export function describeSending({ files, hashed, sent, skipped }: SendProgress, seconds: number): string {
  const settled = sent.clips + skipped.clips;
  const parts = [`${bar(settled, files)} ${formatCount(settled)}/${formatCount(files)} files`];
  if (seconds >= LEAST_SECONDS && settled > 0) {
    parts.push(`${(settled / seconds).toFixed(1)}/s`);
    if (settled < files) parts.push(`${formatSeconds(((files - settled) / settled) * seconds)} left`);
  }
  parts.push(`${formatBytes(sent.bytes)} sent`);
  if (skipped.clips > 0) parts.push(`${formatCount(skipped.clips)} there already`);
  if (hashed < files) parts.push(`${formatCount(hashed)} hashed`);
  return parts.join(', ');
}

/** What was done in the end. */
export function describeSent({ sent, skipped }: SendProgress): string {
  const first = `${formatCount(sent.clips, 'file')} sent (${formatBytes(sent.bytes)})`;
  return skipped.clips === 0
    ? first
    : `${first}, ${formatCount(skipped.clips)} there already (${formatBytes(skipped.bytes)} not sent)`;
}

export interface UploadProgress {
  /** Bytes the service has. */
  sent: number;
  total: number;
  /** Of these, the ones of this run. */
  fresh: number;
  seconds: number;
}

/** `██░░ 33.6 MB/74.6 MB sent, 21.0 MB/s, 2 s left` */
export function describeUpload({ sent, total, fresh, seconds }: UploadProgress): string {
  const parts = [`${bar(sent, total)} ${formatBytes(sent)}/${formatBytes(total)} sent`];
  if (seconds >= LEAST_SECONDS && fresh > 0) {
    parts.push(`${formatBytes(fresh / seconds)}/s`);
    if (sent < total) parts.push(`${formatSeconds(((total - sent) / fresh) * seconds)} left`);
  }
  return parts.join(', ');
}

const bar = (done: number, all: number): string => drawProgress(all === 0 ? 0 : done / all, BAR_WIDTH);
