/** The document and its pictures from what was found. Pure. */
import { markdownTable } from '../evaluate/report/markdown-table.js';
import { decimal, percent } from '../evaluate/report/wording.js';
import { codecSection } from './codec-agreement.js';
import type { DocumentedModel } from './documented-model.js';
import { commandTable, mainTable, rowsOf } from './main-table.js';
import {
  confusionPictures,
  describeSet,
  reliabilityPictureOf,
  thresholdPictures,
  type NamedPicture,
} from './model-pictures.js';
import { calibrationText, decisionRules, intro, reproduction, tableLegend } from './prose.js';
import type { Findings, StoredEvaluation } from './read-models.js';
import { setTables, withInterval } from './set-tables.js';

export interface ModelsDocument {
  markdown: string;
  /** File name under `docs/pictures` → SVG. */
  pictures: Map<string, string>;
}

export function renderModelsDocument({ models, recipes, evaluations, speeds, codecs }: Findings): ModelsDocument {
  const pictures = new Map<string, string>();
  const show = (picture: NamedPicture): string => {
    pictures.set(picture.file, picture.svg);
    return `![${picture.alt}](pictures/${picture.file})`;
  };
  const rows = rowsOf(models, recipes);
  const missing = rows.filter(({ model }) => !model).length;
  const markdown = [
    intro,
    '',
    '## All models',
    '',
    ...(missing > 0
      ? [`Of these, ${missing} are **not trained yet**: the command that makes them stands below.`, '']
      : []),
    ...mainTable(rows, speeds),
    '',
    tableLegend,
    ...speedNote(speeds),
    '',
    '### How they are made',
    '',
    ...commandTable(rows),
    '',
    '## By evaluation set',
    '',
    ...setTables(models),
    ...evaluationSection(evaluations, models, show),
    ...codecSection(codecs),
    '## Confusion matrices',
    '',
    'Rows are what clips are, columns what they were taken for; shares are of the row.',
    '',
    ...models.flatMap((model) => details(`\`${model.id}\``, confusionPictures(model).map(show))),
    decisionRules,
    '',
    calibrationText,
    '',
    ...ruleTable(models),
    '',
    ...models.flatMap((model) => details(`\`${model.id}\`: thresholds`, thresholdPictures(model).map(show))),
    reproduction,
    '',
  ].join('\n');
  return { markdown, pictures };
}

function speedNote(speeds: Findings['speeds']): string[] {
  const { processor, onnxruntime } = speeds?.tools ?? {};
  if (processor === undefined) return [];
  return [
    `*ms a clip* is the time of the graph alone for all windows of a bundled sample, on average, on one thread of an ${processor} ` +
      `with onnxruntime ${onnxruntime ?? '?'} (\`npm run parity\`); decoding and features come on top.`,
  ];
}

function details(summary: string, lines: string[]): string[] {
  if (lines.length === 0) return [];
  const title = summary.replace(/`([^`]*)`/g, '<code>$1</code>');
  return [`<details><summary>${title}</summary>`, '', ...lines, '', '</details>', ''];
}

/** Evaluations of models that have changed since say so and show no figures: they would be another model's. Models that are
 * not here at all (a twin that was made to judge another) are shown as they were. */
function evaluationSection(
  evaluations: StoredEvaluation[],
  models: DocumentedModel[],
  show: (picture: NamedPicture) => string,
): string[] {
  if (evaluations.length === 0) return [];
  const isCurrent = ({ report }: StoredEvaluation) =>
    models.every(({ id }) => id !== report.model.id) ||
    models.some((model) => model.id === report.model.id && model.modelDigest === report.model.modelDigest);
  const stale = evaluations.filter((evaluation) => !isCurrent(evaluation));
  const current = evaluations.filter(isCurrent);
  return [
    '## Through the running system',
    '',
    'Measured by `timbre evaluate` over the public HTTP API.',
    '',
    ...(current.length > 0 ? [...evaluationTable(current), ''] : []),
    ...current.flatMap((evaluation) => [show(reliabilityPictureOf(evaluation)), '']),
    ...stale.flatMap(({ name, report }) => [
      `\`docs/evaluations/${name}\` is of an earlier version of \`${report.model.id}\`: evaluate again.`,
      '',
    ]),
  ];
}

function evaluationTable(evaluations: StoredEvaluation[]): string[] {
  return markdownTable<StoredEvaluation>(
    [
      { title: 'model', cell: ({ report }) => `\`${report.model.id}\`` },
      { title: 'clips', cell: ({ report }) => `${report.clips.judged} of ${describeSet(report)}` },
      { title: 'failed', align: 'right', cell: ({ report }) => String(report.clips.failed) },
      {
        title: 'accuracy (95 % interval)',
        align: 'right',
        cell: ({ report }) => withInterval(report.figures.accuracy),
      },
      { title: 'coverage', align: 'right', cell: ({ report }) => percent(report.figures.coverage.share) },
      { title: 'foreign refused', align: 'right', cell: ({ report }) => withInterval(report.figures.rejection) },
      {
        title: 'ECE, 15 bins',
        align: 'right',
        cell: ({ report }) => decimal(report.figures.calibration.expectedCalibrationError),
      },
      { title: 'date', cell: ({ report }) => report.evaluatedAt.slice(0, 10) },
    ],
    evaluations,
  );
}

function ruleTable(models: DocumentedModel[]): string[] {
  return markdownTable<DocumentedModel>(
    [
      { title: 'model', cell: ({ id }) => `\`${id}\`` },
      { title: 'temperature', align: 'right', cell: ({ temperature }) => decimal(temperature) },
      {
        title: 'ECE on validation, before → after',
        align: 'right',
        cell: ({ made: { calibration } }) =>
          `${decimal(calibration?.eceBefore ?? null)} → ${decimal(calibration?.eceAfter ?? null)}`,
      },
      { title: '`unknown` below', align: 'right', cell: ({ thresholds }) => decimal(thresholds.unknown, 2) },
      { title: '`mute` below', align: 'right', cell: ({ rules }) => (rules ? `${rules.silenceGateDbfs} dBFS` : '–') },
      { title: 'smoothed windows', align: 'right', cell: ({ rules }) => String(rules?.smoothingWindows ?? '–') },
      { title: 'merge gap', align: 'right', cell: ({ rules }) => (rules ? `${rules.mergeGapSeconds} s` : '–') },
      { title: 'clip rule', cell: ({ rules }) => (rules ? `\`${rules.clipRule}\`` : '–') },
    ],
    models,
  );
}
