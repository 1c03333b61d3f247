/** A batch in words: one line while it runs, some lines when somebody asks. */
import type { BatchState, BatchView } from '@timbre/shared/contracts/batch';
import { isBatchEnded } from '@timbre/client';
import { drawProgress } from '../terminal/bar.js';
import { formatCount, formatSeconds, formatShare } from '../terminal/quantities.js';
import type { Style } from '../terminal/style.js';
import { stateWords } from './batch-end.js';

const BAR_WIDTH = 24;

/** `██████░░ 412/2,000 clips, 31.2/s, 51 s left (40 s to 70 s), 3 failed` */
export function describeProgress(batch: BatchView): string {
  const { clips, state, paused, rate, eta, waiting } = batch;
  const done = clips.succeeded + clips.failed + clips.canceled;
  const total = state === 'expanding' ? `${formatCount(clips.total)}+` : formatCount(clips.total);
  const share = clips.total === 0 ? 0 : done / clips.total;
  const parts = [`${drawProgress(share, BAR_WIDTH)} ${formatCount(done)}/${total} clips`];
  if (paused) parts.push('paused');
  else if (state === 'canceling') parts.push('canceling');
  else if (!isBatchEnded(state)) {
    if (rate) parts.push(`${rate.clipsPerSecond.toFixed(1)}/s`);
    if (eta) parts.push(describeEta(eta));
  }
  if (clips.reused > 0) parts.push(`${formatCount(clips.reused)} reused`);
  if (clips.failed > 0) parts.push(`${formatCount(clips.failed)} failed`);
  if (waiting && !paused) parts.push(waiting.detail);
  return parts.join(', ');
}

function describeEta({ seconds, lowSeconds, highSeconds }: NonNullable<BatchView['eta']>): string {
  const [low, high] = [formatSeconds(lowSeconds), formatSeconds(highSeconds)];
  return `${formatSeconds(seconds)} left${low === high ? '' : ` (${low} to ${high})`}`;
}

/** What there is to know, line by line. */
export function describeBatch(batch: BatchView, style: Style): string[] {
  const { clips, audioSeconds } = batch;
  const rows: [string, string | undefined][] = [
    ['batch', `${style.bold(batch.id)} ${batch.name}`],
    ['state', describeState(batch, style)],
    ['model', batch.preflight ? `${batch.model} (preflight: nothing is classified)` : batch.model],
    ['clips', describeClips(batch)],
    [
      'audio',
      clips.total === 0
        ? undefined
        : `${formatSeconds(audioSeconds.done)} of ${formatSeconds(audioSeconds.total)} done`,
    ],
    ['decided', describeCounts(batch.decisions)],
    ['failures', batch.clips.failed === 0 ? undefined : style.bad(describeCounts(batch.failuresByCode) ?? '')],
    ['error', batch.error && style.bad(`${batch.error.code}: ${batch.error.detail}`)],
    ['waiting', batch.waiting?.detail],
    ['left', batch.eta && !batch.paused ? describeEta(batch.eta) : undefined],
    ['took', describeTime(batch)],
    ['clips of', batch.clipsOf],
    ['kept until', `${batch.expiresAt.slice(0, 16).replace('T', ' ')} UTC`],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(11)} ${value}`]));
}

function describeState({ state, paused }: BatchView, style: Style): string {
  const colours: Partial<Record<BatchState, (text: string) => string>> = {
    succeeded: style.good,
    completed_with_errors: style.warn,
    failed: style.bad,
    canceled: style.warn,
    expired: style.bad,
  };
  const words = paused && !isBatchEnded(state) ? `${stateWords[state]}, paused` : stateWords[state];
  return (colours[state] ?? ((text) => text))(words);
}

function describeClips({ clips, state }: BatchView): string {
  const parts = [`${formatCount(clips.total)}${state === 'expanding' ? ' found so far' : ''}`];
  const states = ['succeeded', 'failed', 'canceled', 'running', 'queued', 'reused'] as const;
  for (const name of states) if (clips[name] > 0) parts.push(`${formatCount(clips[name])} ${name}`);
  return parts.join(', ');
}

/** `1,204 violin, 3 mute`: most first. */
function describeCounts(counts: Record<string, number>): string | undefined {
  const entries = Object.entries(counts).sort(([, one], [, other]) => other - one);
  if (entries.length === 0) return undefined;
  return entries.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ');
}

function describeTime({ startedAt, createdAt, finishedAt, clips, audioSeconds }: BatchView): string | undefined {
  if (finishedAt === undefined) return undefined;
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt ?? createdAt)) / 1000;
  const pace = seconds > 0 && clips.total > 0 ? `, ${(clips.total / seconds).toFixed(1)} clips/s` : '';
  const speed = seconds > 0 && audioSeconds.done > 0 ? `, ${Math.round(audioSeconds.done / seconds)}x real time` : '';
  return `${formatSeconds(seconds)}${pace}${speed}`;
}

/** The one line that says how a batch ended. */
export function describeEnd(batch: BatchView, style: Style): string {
  const { clips } = batch;
  const share = clips.total === 0 ? '' : ` (${formatShare(clips.succeeded / clips.total)})`;
  const failed =
    clips.failed === 0 ? '' : `, ${formatCount(clips.failed)} failed: ${describeCounts(batch.failuresByCode) ?? ''}`;
  const reused = clips.reused === 0 ? '' : `, ${formatCount(clips.reused)} reused`;
  const canceled = clips.canceled === 0 ? '' : `, ${formatCount(clips.canceled)} canceled`;
  const error = batch.error ? `; ${batch.error.code}: ${batch.error.detail}` : '';
  return `${describeState(batch, style)}: ${formatCount(clips.succeeded)} of ${formatCount(clips.total, 'clip')} good${share}${reused}${failed}${canceled}${error}`;
}
