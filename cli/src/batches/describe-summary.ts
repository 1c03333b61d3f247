/** What a batch adds up to, as text with bars. */
import type { BatchSummary } from '@timbre/shared/contracts/batch-summary';
import { drawBar } from '../terminal/bar.js';
import { formatCount, formatSeconds, formatShare } from '../terminal/quantities.js';
import type { Style } from '../terminal/style.js';

const BAR_WIDTH = 36;
const NAME_WIDTH = 14;

export function describeSummary(summary: BatchSummary, style: Style): string[] {
  return [
    ...describeClips(summary),
    ...section('hours by instrument', describeInstruments(summary), style),
    ...section('clips by confidence', describeConfidence(summary), style),
    ...section('failures', describeFailures(summary), style),
    ...section('as expected', describeAgreement(summary), style),
  ];
}

function describeClips({ clips, durations, formats, unknown, mute }: BatchSummary): string[] {
  const counts = [formatCount(clips.total, 'clip'), `${formatCount(clips.succeeded)} succeeded`];
  for (const name of ['failed', 'reused'] as const)
    if (clips[name] > 0) counts.push(`${formatCount(clips[name])} ${name}`);
  if (clips.duplicates > 0) counts.push(formatCount(clips.duplicates, 'duplicate'));
  const lengths =
    durations.shortestSeconds === null || durations.longestSeconds === null
      ? ''
      : `, ${formatSeconds(durations.shortestSeconds)} to ${formatSeconds(durations.longestSeconds)} each`;
  const kinds = Object.entries(formats).map(([name, count]) => `${formatCount(count)} ${name}`);
  const shares = [unknown, mute].map(({ share }, place) =>
    share === null ? [] : [`${formatShare(share)} ${place === 0 ? 'unknown' : 'mute'}`],
  );
  return [
    counts.join(', '),
    `${formatSeconds(durations.totalSeconds)} of audio${lengths}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`,
    ...(shares.flat().length > 0 ? [shares.flat().join(', ')] : []),
  ];
}

function section(title: string, lines: string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines];
}

function describeInstruments({ instruments }: BatchSummary): string[] {
  const most = Math.max(...instruments.map(({ hours }) => hours), 0);
  return instruments
    .filter(({ clips, hours }) => clips > 0 || hours > 0)
    .map(({ name, clips, hours }) =>
      row(name, most === 0 ? 0 : hours / most, `${formatSeconds(hours * 3600)}, ${formatCount(clips, 'clip')}`),
    );
}

/** Bins of a tenth; the empty ones below the first are left out. */
function describeConfidence({ confidence }: BatchSummary): string[] {
  const bins = Array.from({ length: 10 }, (_, place) => ({ from: place / 10, clips: 0 }));
  for (const { from, clips } of confidence) {
    const bin = bins[Math.min(9, Math.floor(from * 10 + 1e-9))];
    if (bin) bin.clips += clips;
  }
  const most = Math.max(...bins.map(({ clips }) => clips));
  const first = bins.findIndex(({ clips }) => clips > 0);
  if (first === -1) return [];
  return bins
    .slice(first)
    .map(({ from, clips }) =>
      row(`${from.toFixed(1)} to ${(from + 0.1).toFixed(1)}`, clips / most, formatCount(clips)),
    );
}

function describeFailures({ failuresByCode }: BatchSummary): string[] {
  const failures = Object.entries(failuresByCode).sort(([, one], [, other]) => other - one);
  const most = failures[0]?.[1] ?? 1;
  const width = Math.max(NAME_WIDTH, ...failures.map(([code]) => code.length));
  return failures.map(([code, count]) => row(code, count / most, formatCount(count), width));
}

function describeAgreement({ agreement }: BatchSummary): string[] {
  if (!agreement) return [];
  const { accuracy, failed, confusion } = agreement;
  const { count, of, share, interval } = accuracy;
  if (share === null) return ['no clip with an expected label has a result'];
  const range = interval ? ` (95 %: ${formatShare(interval[0])} to ${formatShare(interval[1])})` : '';
  const wrong = confusion.rows
    .flatMap((truth, place) =>
      confusion.columns.map((taken, at) => ({ truth, taken, clips: confusion.counts[place]?.[at] ?? 0 })),
    )
    .filter(({ truth, taken, clips }) => clips > 0 && truth !== taken)
    .sort((one, other) => other.clips - one.clips);
  return [
    `${formatCount(count)} of ${formatCount(of)}: ${formatShare(share)}${range}${failed > 0 ? `; ${formatCount(failed)} failed` : ''}`,
    ...wrong.slice(0, 5).map(({ truth, taken, clips }) => `  ${truth} taken for ${taken}: ${formatCount(clips)}`),
  ];
}

const row = (name: string, share: number, value: string, width = NAME_WIDTH): string =>
  `  ${name.padEnd(width)} ${drawBar(share, BAR_WIDTH).padEnd(BAR_WIDTH)} ${value}`;
