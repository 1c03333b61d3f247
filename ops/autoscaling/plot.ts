/** Replicas over time under both scalers, one small graph a pattern, as SVG. Pure. */
import type { Outcome } from './model.js';
import { settings } from './simulation.js';

const [width, height, left, top, gap] = [360, 150, 44, 34, 40] as const;
const colours: Record<string, string> = { 'drain time': '#1f6f54', 'task count': '#c2632a' };

export function plot(outcomes: readonly Outcome[]): string {
  const patterns = [...new Set(outcomes.map(({ pattern }) => pattern))];
  const graphs = patterns.map((pattern, index) => {
    const [column, row] = [index % 2, Math.floor(index / 2)];
    const of = outcomes.filter((outcome) => outcome.pattern === pattern);
    return graph(pattern, of, { x: left + column * (width + left + gap), y: top + 24 + row * (height + top + gap) });
  });
  const rows = Math.ceil(patterns.length / 2);
  const [w, h] = [2 * (width + left) + gap + 20, 24 + rows * (height + top + gap) + 10];
  const legend = Object.entries(colours).map(
    ([name, colour], index) =>
      `<line x1="${left + index * 150}" y1="14" x2="${left + 24 + index * 150}" y2="14" stroke="${colour}" stroke-width="2.5"/>` +
      `<text x="${left + 30 + index * 150}" y="18">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...legend,
    ...graphs,
    '</svg>',
    '',
  ].join('\n');
}

function graph(title: string, outcomes: readonly Outcome[], { x, y }: { x: number; y: number }): string {
  const steps = Math.max(...outcomes.map(({ timeline }) => timeline.length));
  const most = Math.max(1, ...outcomes.map(({ peak }) => peak));
  const at = (step: number, replicas: number) =>
    `${(x + (step / Math.max(1, steps - 1)) * width).toFixed(1)},${(y + height - (replicas / most) * height).toFixed(1)}`;
  const lines = outcomes.map(({ scaler, timeline }) => {
    const points = timeline.flatMap((replicas, step) =>
      step === 0 ? [at(0, replicas)] : [at(step, timeline[step - 1] ?? 0), at(step, replicas)],
    );
    return `<polyline fill="none" stroke="${colours[scaler] ?? '#000'}" stroke-width="1.8" points="${points.join(' ')}"/>`;
  });
  const minutes = Math.round((steps * settings.everySeconds) / 60);
  return [
    `<text x="${x}" y="${y - 10}" font-weight="bold">${title}</text>`,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#ccc"/>`,
    `<text x="${x - 6}" y="${y + 8}" text-anchor="end">${most}</text>`,
    `<text x="${x - 6}" y="${y + height}" text-anchor="end">0</text>`,
    `<text x="${x}" y="${y + height + 14}">0</text>`,
    `<text x="${x + width}" y="${y + height + 14}" text-anchor="end">${minutes} min, replicas of both stages</text>`,
    ...lines,
  ].join('\n');
}
