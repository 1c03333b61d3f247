/** Arrival patterns, the same at every run. Pure. */
import type { Arrival, Lane, Pattern } from './model.js';

/** mulberry32: small, seeded, good enough to scatter arrivals. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Poisson arrivals from `from` to `to` seconds. */
function poisson(
  seed: number,
  {
    from,
    to,
    perSecond,
    lane,
    audioSeconds,
  }: { from: number; to: number; perSecond: number; lane: Lane; audioSeconds: (share: number) => number },
): Arrival[] {
  const next = random(seed);
  const arrivals: Arrival[] = [];
  for (let at = from; ;) {
    at -= Math.log(1 - next()) / perSecond;
    if (at >= to) return arrivals;
    arrivals.push({ atSeconds: at, lane, audioSeconds: audioSeconds(next()) });
  }
}

const archive = (atSeconds: number, clips: number, audioSeconds: (index: number) => number): Arrival[] =>
  Array.from({ length: clips }, (_, index) => ({
    atSeconds,
    lane: 'bulk' as const,
    audioSeconds: audioSeconds(index),
  }));

export const patterns: Pattern[] = [
  {
    name: 'steady',
    what: '20 interactive clips of 2 to 10 s a second, for half an hour',
    arrivals: poisson(1, {
      from: 60,
      to: 1860,
      perSecond: 20,
      lane: 'interactive',
      audioSeconds: (share) => 2 + 8 * share,
    }),
  },
  {
    name: 'archive',
    what: '2 interactive clips a second, and after 5 minutes an archive of 60,000 clips of 10 s at once',
    arrivals: [
      ...poisson(2, { from: 60, to: 1860, perSecond: 2, lane: 'interactive', audioSeconds: () => 4 }),
      ...archive(360, 60_000, () => 10),
    ],
  },
  {
    name: 'idle to burst',
    what: 'nothing for 20 minutes, then 60 interactive clips of 4 s a second for 5 minutes',
    arrivals: poisson(3, { from: 1200, to: 1500, perSecond: 60, lane: 'interactive', audioSeconds: () => 4 }),
  },
  {
    name: 'long among short',
    what: 'an archive of 3,000 clips of 4 s, and 10 minutes later one of 600 recordings of an hour',
    arrivals: [...archive(60, 3000, () => 4), ...archive(660, 600, () => 3600)],
  },
];
