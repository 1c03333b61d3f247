/** A reliability diagram: how often guesses of one confidence are right, and how many there are. Pure. */
import type { Calibration, CalibrationBin } from '@timbre/shared/results/calibration';
import { element, renderSvg, text } from './svg.js';

const WIDTH = 460;
const LEFT = 58;
const SIDE = 360;
const TOP = 72;
const HISTOGRAM = 70;
const GAP = 54;
const FOOT = 44;
/** A bar of fewer clips says little and is drawn faint. */
const FEW = 5;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

const xOf = (value: number) => LEFT + value * SIDE;
const yOf = (value: number) => TOP + (1 - value) * SIDE;

export function reliabilityPicture(calibration: Calibration, title: string): string {
  const { bins, clips, expectedCalibrationError: error } = calibration;
  const subtitle = error === null ? 'no clips' : `calibration error ${error.toFixed(3)} over ${clips} clips`;
  const floor = TOP + SIDE + GAP + HISTOGRAM;
  const most = Math.max(1, ...bins.map((bin) => bin.clips));
  const body = [
    text(title, 16, 28, { class: 'title' }),
    text(subtitle, 16, 48, { class: 'soft' }),
    ...TICKS.flatMap(tick),
    element('line', { x1: xOf(0), y1: yOf(0), x2: xOf(1), y2: yOf(1), class: 'axis', 'stroke-dasharray': '5 4' }),
    ...bins.flatMap(bar),
    text('share that is right', 16, TOP - 8, { class: 'small soft' }),
    text(`clips (bars of fewer than ${FEW} are faint above)`, 16, TOP + SIDE + GAP - 20, { class: 'small soft' }),
    ...bins.flatMap((bin) => histogramBar(bin, floor, most)),
    element('line', { x1: xOf(0), y1: floor, x2: xOf(1), y2: floor, class: 'axis' }),
    text('confidence', xOf(0.5), floor + 24, { class: 'small soft', 'text-anchor': 'middle' }),
  ];
  return renderSvg({ width: WIDTH, height: floor + FOOT, title, description: describe(bins, subtitle), body });
}

function tick(value: number): string[] {
  return [
    element('line', { x1: xOf(0), y1: yOf(value), x2: xOf(1), y2: yOf(value), class: 'line' }),
    text(value.toFixed(1), xOf(0) - 8, yOf(value) + 4, { class: 'small soft', 'text-anchor': 'end' }),
    text(value.toFixed(1), xOf(value), yOf(0) + 16, { class: 'small soft', 'text-anchor': 'middle' }),
  ];
}

/** A bar as high as the accuracy, at its range of confidence; the gap to the mean confidence is drawn over it. */
function bar({ from, to, clips, accuracy, meanConfidence }: CalibrationBin): string[] {
  if (accuracy === null || meanConfidence === null) return [];
  const strength = clips < FEW ? 0.3 : 1;
  const span = { x: xOf(from) + 1, width: (to - from) * SIDE - 2 };
  const [low, high] = [Math.min(accuracy, meanConfidence), Math.max(accuracy, meanConfidence)];
  return [
    element('rect', {
      ...span,
      y: yOf(accuracy),
      height: accuracy * SIDE,
      class: 'good',
      'fill-opacity': 0.75 * strength,
    }),
    element('rect', {
      ...span,
      y: yOf(high),
      height: (high - low) * SIDE,
      class: 'bad',
      'fill-opacity': 0.5 * strength,
    }),
  ];
}

function histogramBar({ from, to, clips }: CalibrationBin, floor: number, most: number): string[] {
  if (clips === 0) return [];
  const height = (clips / most) * HISTOGRAM;
  const box = { x: xOf(from) + 1, y: floor - height, width: (to - from) * SIDE - 2, height };
  const count = { class: 'small', 'text-anchor': 'middle' };
  return [
    element('rect', { ...box, class: 'soft', 'fill-opacity': 0.6 }),
    text(String(clips), xOf((from + to) / 2), floor - height - 4, count),
  ];
}

function describe(bins: CalibrationBin[], subtitle: string): string {
  const filled = bins.flatMap(({ meanConfidence, accuracy, clips }) =>
    meanConfidence === null || accuracy === null
      ? []
      : [`${clips} clips at ${meanConfidence.toFixed(2)}: ${(accuracy * 100).toFixed(0)} % right`],
  );
  return [subtitle, ...filled].join('; ');
}
