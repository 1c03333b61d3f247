/** How figures are written, the same in the terminal, in Markdown and in pictures. Pure. */
import type { Share } from '@timbre/shared/results/share';
import { CALIBRATION_BINS } from '@timbre/shared/results/calibration';

/** `93.4 %`; `–` for what could not be measured. */
export function percent(value: number | null, digits = 1): string {
  return value === null ? '–' : `${(value * 100).toFixed(digits)} %`;
}

/** `93.4 % (141 of 151, 95 % interval 88.3–96.4 %)` */
export function describeShare({ share, count, of, interval }: Share): string {
  if (share === null || !interval) return 'no such clips';
  const [low, high] = interval.map((end) => (end * 100).toFixed(1));
  return `${percent(share)} (${count} of ${of}, 95 % interval ${low ?? ''}–${high ?? ''} %)`;
}

export function decimal(value: number | null, digits = 3): string {
  return value === null ? '–' : value.toFixed(digits);
}

export const ECE_METHOD =
  `${CALIBRATION_BINS} bins of equal width, over label clips that sound: score of the best label against whether that ` +
  'label is right, also where the decision was `unknown`';
