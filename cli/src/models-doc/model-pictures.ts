/** The pictures of the document, drawn from cards and stored evaluations. Pure. */
import { confusionPicture } from '../evaluate/pictures/confusion-picture.js';
import { reliabilityPicture } from '../evaluate/pictures/reliability-picture.js';
import { thresholdPicture } from '../evaluate/pictures/threshold-picture.js';
import { setFigures } from './card-figures.js';
import type { DocumentedModel } from './documented-model.js';
import type { StoredEvaluation } from './read-models.js';

export interface NamedPicture {
  /** File name under `docs/pictures`. */
  file: string;
  /** What it shows, for those who cannot see it. */
  alt: string;
  svg: string;
}

/** What calibrates is not shown: the model was fitted to it. */
const FITTED = 'validation';

export function confusionPictures({ id, labels, metrics }: DocumentedModel): NamedPicture[] {
  return metrics.flatMap((each) => {
    const figures = each.set === FITTED ? undefined : setFigures(each, labels);
    if (!figures) return [];
    const alt = `${id}: ${each.set}`;
    return [{ file: `confusion-${id}-${slug(each.set)}.svg`, alt, svg: confusionPicture(figures.confusion, alt) }];
  });
}

export function thresholdPictures({ id, made, thresholds }: DocumentedModel): NamedPicture[] {
  const rows = made.calibration?.thresholds ?? [];
  if (rows.length < 2) return [];
  const alt = `${id}: the threshold of unknown, on validation`;
  return [
    { file: `thresholds-${id}.svg`, alt, svg: thresholdPicture(rows, { chosen: thresholds.unknown, title: alt }) },
  ];
}

export function reliabilityPictureOf({ name, report }: StoredEvaluation): NamedPicture {
  const alt = `${report.model.id}: confidence on ${describeSet(report)}`;
  return { file: `reliability-${slug(name)}.svg`, alt, svg: reliabilityPicture(report.figures.calibration, alt) };
}

/** `real, split test` */
export function describeSet({ folder, split }: StoredEvaluation['report']): string {
  const last =
    folder
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? folder;
  return split === null ? last : `${last}, split ${split}`;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 48)
    .replace(/-$/, '');
}
