/** The words and the picture of a load run. Pure. */
import type { Sample } from './watch-system.js';

type Trend = Record<'min' | 'med' | 'avg' | 'p(90)' | 'p(95)' | 'p(99)' | 'max' | 'count', number>;
export interface Summary {
  metrics: Record<
    string,
    Partial<Trend> & { rate?: number; value?: number; passes?: number; fails?: number; count?: number }
  >;
}

export interface RunFacts {
  seconds: number;
  processes: number;
  held: boolean;
  /** Load average for each core before the run: other work on the machine. */
  busy: number;
}

export function reportOf(
  { metrics }: Summary,
  samples: Sample[],
  { seconds, processes, held, busy }: RunFacts,
): string[] {
  const wrong = metrics['timbre_wrong'];
  const trend = (name: string, unit: string) => {
    const found = metrics[name];
    if (!found?.med) return '– |';
    const show = (value = 0) => (unit === 's' ? value.toFixed(value < 10 ? 2 : 0) : value.toFixed(0));
    return `${found.count ?? ''} | ${[found.med, found['p(90)'], found['p(95)'], found['p(99)'], found.max].map(show).join(' | ')} |`;
  };
  return [
    `${seconds} seconds against one gateway, ${processes} preprocess and ${processes} worker on the same machine as k6. ` +
      `${metrics['http_reqs']?.count ?? 0} requests; answers that were not as they should be: ${wrong?.passes ?? 0} of ${(wrong?.passes ?? 0) + (wrong?.fails ?? 0)}; ` +
      `requests failed: ${metrics['http_req_failed']?.passes ?? 0}; arrivals dropped: ${metrics['dropped_iterations']?.count ?? 0}. ` +
      `Thresholds ${held ? 'held' : 'BROKEN'}.` +
      (busy > 0.5
        ? ` Other work kept the machine busy: a load average of ${busy.toFixed(1)} a core before the run began.`
        : ''),
    '',
    '| what | n | median | 90 % | 95 % | 99 % | longest |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    `| a clip of 2 s, people, s | ${trend('timbre_clip_seconds{scenario:people}', 's')}`,
    `| the same in the burst, s | ${trend('timbre_clip_seconds{scenario:burst}', 's')}`,
    `| an archive, sent and watched to its end, s | ${trend('timbre_batch_seconds', 's')}`,
    `| a window of a microphone, ms | ${trend('timbre_window_latency_ms', 'ms')}`,
    '',
    recoveryOf(samples, seconds),
  ];
}

/** The burst of mixed.js ends at seconds × (1/2 + 1/12). */
function recoveryOf(samples: Sample[], seconds: number): string {
  const burstEnd = seconds * (1 / 2 + 1 / 12);
  const before = samples.filter(({ atSeconds }) => atSeconds > seconds / 4 && atSeconds < seconds / 2);
  const usual = Math.max(2, ...before.map(({ interactiveJobs }) => interactiveJobs));
  const peak = Math.max(0, ...samples.map(({ interactiveJobs }) => interactiveJobs));
  const loud = samples.filter(
    ({ atSeconds, interactiveJobs }) =>
      atSeconds >= burstEnd && atSeconds < burstEnd + seconds / 4 && interactiveJobs > usual,
  );
  const calmAfter = Math.max(0, ...loud.map(({ atSeconds }) => atSeconds - burstEnd));
  const memory = samples.map(({ memoryMib }) => memoryMib);
  return (
    `Before the burst at most ${usual} interactive clips were unfinished at a time, in it ${peak}; ` +
    `${calmAfter.toFixed(0)} s after its end there were more than that for the last time. ` +
    `Memory of the gateway: ${memory[0]?.toFixed(0)} MiB at the start, ${memory.at(-1)?.toFixed(0)} at the end, ${Math.max(0, ...memory).toFixed(0)} at most.`
  );
}

const [width, height, left, gap] = [720, 120, 50, 34] as const;

export function plotOf(samples: Sample[], seconds: number): string {
  const rows: [string, (sample: Sample) => number][] = [
    ['interactive clips unfinished', ({ interactiveJobs }) => interactiveJobs],
    ['bulk clips unfinished', ({ bulkJobs }) => bulkJobs],
    ['oldest waiting interactive task, seconds', ({ oldestSeconds }) => oldestSeconds],
  ];
  const last = Math.max(seconds, samples.at(-1)?.atSeconds ?? 0);
  const burst = [seconds / 2, seconds * (1 / 2 + 1 / 12)].map((at) => left + (at / last) * width);
  const graphs = rows.map(([title, of], index) => {
    const y = 24 + index * (height + gap);
    const most = Math.max(1, ...samples.map(of));
    const points = samples.map(
      (sample) =>
        `${(left + (sample.atSeconds / last) * width).toFixed(1)},${(y + height - (of(sample) / most) * height).toFixed(1)}`,
    );
    return [
      `<rect x="${burst[0]?.toFixed(1)}" y="${y}" width="${((burst[1] ?? 0) - (burst[0] ?? 0)).toFixed(1)}" height="${height}" fill="#f6e3d5"/>`,
      `<rect x="${left}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#ccc"/>`,
      `<text x="${left}" y="${y - 6}">${title}</text>`,
      `<text x="${left - 6}" y="${y + 9}" text-anchor="end">${most < 10 ? most.toFixed(1) : Math.round(most)}</text>`,
      `<polyline fill="none" stroke="#1f6f54" stroke-width="1.4" points="${points.join(' ')}"/>`,
    ].join('\n');
  });
  const h = 24 + rows.length * (height + gap);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 20} ${h}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<rect width="${left + width + 20}" height="${h}" fill="#fff"/>`,
    ...graphs,
    `<text x="${left + width}" y="${h - 14}" text-anchor="end">${Math.round(last)} s; the burst is shaded</text>`,
    '</svg>',
    '',
  ].join('\n');
}
