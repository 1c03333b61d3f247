/** What a threshold for `unknown` costs and brings: coverage, precision and refused foreign sounds over it. Pure. */
import { element, renderSvg, text } from './svg.js';

export interface ThresholdPoint {
  threshold: number;
  /** Share of label clips that keep their label. */
  coverage: number;
  /** Share of those that are right. */
  precision: number;
  /** Share of foreign clips below the threshold. */
  foreignRefused: number;
}

const WIDTH = 520;
const LEFT = 58;
const SIDE = { x: 430, y: 240 };
const TOP = 78;
const CHARACTER_WIDTH = 6.6;
const curves = [
  { field: 'precision', name: 'right among the named', tone: 'third' },
  { field: 'coverage', name: 'own sounds named', tone: 'good' },
  { field: 'foreignRefused', name: 'foreign sounds refused', tone: 'bad' },
] as const;

export function thresholdPicture(
  points: readonly ThresholdPoint[],
  { chosen, title }: { chosen: number; title: string },
): string {
  const thresholds = points.map(({ threshold }) => threshold);
  const [first, last] = [Math.min(...thresholds), Math.max(...thresholds)];
  const lowest = Math.min(...points.flatMap((point) => curves.map(({ field }) => point[field])));
  const floor = Math.max(0, Math.floor(lowest * 10) / 10);
  const xOf = (value: number) => LEFT + ((value - first) / (last - first)) * SIDE.x;
  const yOf = (value: number) => TOP + (1 - (value - floor) / (1 - floor)) * SIDE.y;
  const body = [
    text(title, 16, 28, { class: 'title' }),
    ...legend(),
    ...ticksBetween(floor, 1).flatMap((value) => [
      element('line', { x1: LEFT, y1: yOf(value), x2: LEFT + SIDE.x, y2: yOf(value), class: 'line' }),
      text(`${(value * 100).toFixed(0)} %`, LEFT - 8, yOf(value) + 4, { class: 'small soft', 'text-anchor': 'end' }),
    ]),
    ...ticksBetween(first, last).map((value) =>
      text(value.toFixed(1), xOf(value), TOP + SIDE.y + 18, { class: 'small soft', 'text-anchor': 'middle' }),
    ),
    element('line', {
      x1: xOf(chosen),
      y1: TOP,
      x2: xOf(chosen),
      y2: TOP + SIDE.y,
      class: 'axis',
      'stroke-dasharray': '5 4',
    }),
    text(`chosen: ${chosen}`, xOf(chosen) + 6, TOP + SIDE.y - 8, { class: 'small soft' }),
    ...curves.map(({ field, tone }) => {
      const line = points.map((point) => `${xOf(point.threshold).toFixed(1)},${yOf(point[field]).toFixed(1)}`);
      return element('polyline', { points: line.join(' '), class: `curve ${tone}` });
    }),
    text('threshold', LEFT + SIDE.x / 2, TOP + SIDE.y + 38, { class: 'small soft', 'text-anchor': 'middle' }),
  ];
  return renderSvg({ width: WIDTH, height: TOP + SIDE.y + 54, title, description: describe(points), body });
}

function legend(): string[] {
  let x = 16;
  return curves.flatMap(({ name, tone }) => {
    const from = x;
    x += 48 + name.length * CHARACTER_WIDTH;
    return [
      element('line', { x1: from, y1: 48, x2: from + 18, y2: 48, class: `curve ${tone}` }),
      text(name, from + 24, 52, { class: 'small' }),
    ];
  });
}

/** Tenths from `low` to `high`, both included where they are tenths. */
function ticksBetween(low: number, high: number): number[] {
  const count = Math.floor((high - low) * 10 + 1e-9);
  const start = Math.ceil(low * 10 - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => (start + index) / 10).filter((value) => value <= high + 1e-9);
}

function describe(points: readonly ThresholdPoint[]): string {
  const share = (value: number) => `${(value * 100).toFixed(0)} %`;
  return points
    .map(
      ({ threshold, coverage, precision, foreignRefused }) =>
        `${threshold}: ${share(coverage)} named, ${share(precision)} of them right, ${share(foreignRefused)} of foreign refused`,
    )
    .join('; ');
}
