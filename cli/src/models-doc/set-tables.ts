/** For each evaluation set a table of the models that were judged on it. Pure. */
import { isForeign } from '@timbre/shared/results/figures';
import type { Share } from '@timbre/shared/results/share';
import { markdownTable } from '../evaluate/report/markdown-table.js';
import { decimal, percent } from '../evaluate/report/wording.js';
import { setFigures, type SetFigures } from './card-figures.js';
import type { DocumentedModel } from './documented-model.js';

interface Judged {
  model: DocumentedModel;
  figures: SetFigures;
  /** Where a model that learns from every source was judged by a twin that did not: see training/README.md. */
  byTwin: boolean;
}

const OF_THE_TWIN = ', of the twin';

export function setTables(models: readonly DocumentedModel[]): string[] {
  const judged = models.flatMap((model) =>
    model.metrics.flatMap((metrics): Judged[] => {
      const figures = setFigures(metrics, model.labels);
      return figures ? [{ model, figures, byTwin: figures.set.endsWith(OF_THE_TWIN) }] : [];
    }),
  );
  const nameOf = ({ figures: { set }, byTwin }: Judged) => (byTwin ? set.slice(0, -OF_THE_TWIN.length) : set);
  const sets = [...new Set(judged.map(nameOf))];
  return sets.flatMap((set) => {
    const rows = judged.filter((each) => nameOf(each) === set);
    return [`### ${capitalize(set)}`, '', ...table(rows), ''];
  });
}

function table(rows: Judged[]): string[] {
  return markdownTable<Judged>(
    [
      { title: 'model', cell: ({ model, byTwin }) => `\`${model.id}\`${byTwin ? ', its twin' : ''}` },
      { title: 'clips', align: 'right', cell: ({ figures }) => String(figures.clips) },
      { title: 'accuracy (95 % interval)', align: 'right', cell: ({ figures }) => withInterval(figures.accuracy) },
      { title: 'recall', cell: ({ figures }) => recalls(figures) },
      { title: 'coverage', align: 'right', cell: ({ figures }) => percent(figures.coverage.share) },
      { title: 'right if covered', align: 'right', cell: ({ figures }) => percent(figures.accuracyWhereCovered.share) },
      { title: 'ECE', align: 'right', cell: ({ figures }) => decimal(figures.expectedCalibrationError ?? null) },
      { title: 'foreign refused', align: 'right', cell: ({ figures }) => withInterval(figures.rejection) },
    ],
    rows,
  );
}

export function withInterval({ share, interval }: Share): string {
  if (share === null || !interval) return '–';
  const [low, high] = interval.map((end) => (end * 100).toFixed(0));
  return `${percent(share)} (${low ?? ''}–${high ?? ''})`;
}

function recalls({ classes }: SetFigures): string {
  return classes
    .filter(({ label, recall }) => recall !== null && !isForeign(label))
    .map(({ label, recall }) => `${label} ${percent(recall, 0)}`)
    .join(', ');
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
