/** Training clips by kind of source. Pure. */

const KINDS: readonly [kind: string, start: string][] = [
  ['rendered', 'rendered:'],
  ['modelled', 'modelled:'],
  ['synthetic', 'synthetic'],
];

/** `15,678 rendered, 1,378 real, 1,116 synthetic` from `{"rendered:fluidr3 drums": 996, …}`; augmented copies count. */
export function describeTrainingData(data: Record<string, number> | undefined): string {
  if (!data) return '–';
  const counts = new Map<string, number>();
  for (const [source, clips] of Object.entries(data)) {
    const kind = KINDS.find(([, start]) => source.startsWith(start))?.[0] ?? 'real';
    counts.set(kind, (counts.get(kind) ?? 0) + clips);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, clips]) => `${clips.toLocaleString('en')} ${kind}`)
    .join(', ');
}
