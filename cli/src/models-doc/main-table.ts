/** The one table of all models, those not trained yet included, and what must be known of each. Pure. */
import { markdownTable } from '../evaluate/report/markdown-table.js';
import { decimal, percent } from '../evaluate/report/wording.js';
import { setFigures, type SetFigures } from './card-figures.js';
import { describeFeatures } from './describe-features.js';
import type { DocumentedModel } from './documented-model.js';
import type { Speeds } from './read-models.js';
import { describeTrainingData } from './training-data.js';
import { RESEARCH_RECIPES, type TrainingRecipe } from './training-recipe.js';

export interface Row {
  id: string;
  /** Of the original research. */
  number: number | undefined;
  /** What to say of the input where there is no feature spec. */
  description: string;
  command: string | undefined;
  model: DocumentedModel | undefined;
}

/** The sets whose figures the main table shows, by the start of their names. */
const REAL = 'held-out real recordings';
const FOREIGN = 'held-out soundfont';

/** Research recipes by number, each with a row, then our own models by id. */
export function rowsOf(models: readonly DocumentedModel[], recipes: readonly TrainingRecipe[]): Row[] {
  const research = RESEARCH_RECIPES.map((number) => {
    const recipe = recipes.find((each) => each.number === number);
    const model = models.find(({ id }) => id === recipe?.modelId);
    return rowOf(recipe?.modelId ?? '–', { recipe, model, number });
  });
  const named = new Set(research.map(({ id }) => id));
  const others = [
    ...models.map(({ id }) => id),
    ...recipes.filter((each) => each.number === undefined).map((each) => each.modelId),
  ];
  const own = [...new Set(others)].filter((id) => !named.has(id)).sort();
  return [
    ...research,
    ...own.map((id) => {
      const recipe = recipes.find((each) => each.modelId === id);
      return rowOf(id, { recipe, model: models.find((each) => each.id === id), number: undefined });
    }),
  ];
}

interface Origin {
  recipe: TrainingRecipe | undefined;
  model: DocumentedModel | undefined;
  number: number | undefined;
}

function rowOf(id: string, { recipe, model, number }: Origin): Row {
  const description = recipe?.description ?? 'no recipe in this repository';
  return { id, number, description, command: model?.made.command ?? recipe?.command, model };
}

export function mainTable(rows: readonly Row[], speeds: Speeds | undefined): string[] {
  const real = (row: Row) => figuresOf(row, REAL);
  return markdownTable<Row>(
    [
      { title: 'recipe', align: 'right', cell: ({ number }) => (number === undefined ? 'own' : String(number)) },
      { title: 'model', cell: ({ id, model }) => (model ? `\`${id}\`` : id) },
      { title: 'input', cell: ({ model, description }) => (model ? describeFeatures(model.features) : description) },
      { title: 'parameters', align: 'right', cell: ({ model }) => model?.parameters?.toLocaleString('en') ?? '–' },
      { title: 'ONNX', align: 'right', cell: ({ model }) => megabytes(model?.onnxBytes) },
      { title: 'training clips', cell: ({ model }) => describeTrainingData(model?.made.data) },
      { title: 'real: accuracy', align: 'right', cell: (row) => percent(real(row)?.accuracy.share ?? null) },
      { title: 'lowest recall', align: 'right', cell: (row) => lowestRecall(real(row)) },
      { title: 'coverage', align: 'right', cell: (row) => percent(real(row)?.coverage.share ?? null) },
      { title: 'ECE', align: 'right', cell: (row) => decimal(real(row)?.expectedCalibrationError ?? null) },
      {
        title: 'foreign refused',
        align: 'right',
        cell: (row) => percent(figuresOf(row, FOREIGN)?.rejection.share ?? null),
      },
      { title: 'ms a clip', align: 'right', cell: ({ model }) => speedOf(model, speeds) },
      { title: 'state', cell: stateOf },
    ],
    rows,
  );
}

/** Commands do not fit beside the figures. */
export function commandTable(rows: readonly Row[]): string[] {
  return markdownTable<Row>(
    [
      { title: 'model', cell: ({ id, model }) => (model ? `\`${id}\`` : id) },
      { title: 'command', cell: ({ command }) => (command === undefined ? '–' : code(command)) },
      { title: 'trained', cell: ({ model }) => describeTraining(model) },
      { title: 'note', cell: ({ model }) => model?.made.note ?? '' },
    ],
    rows,
  );
}

function figuresOf({ model }: Row, set: string): SetFigures | undefined {
  const metrics = model?.metrics.find((each) => each.set.startsWith(set));
  return model && metrics ? setFigures(metrics, model.labels) : undefined;
}

function lowestRecall(figures: SetFigures | undefined): string {
  const ours =
    figures?.classes.filter(({ label, recall }) => recall !== null && label !== 'unknown' && label !== 'mute') ?? [];
  const [worst] = ours.sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  return worst ? `${percent(worst.recall)} ${worst.label}` : '–';
}

function stateOf({ model }: Row): string {
  if (!model) return '**not trained yet**';
  return model.rules ? 'in `models/`' : 'too large for git: figures only';
}

function speedOf(model: DocumentedModel | undefined, speeds: Speeds | undefined): string {
  const measured = model && speeds?.models[model.id];
  // A speed of another version of the model is no speed of this one.
  if (measured?.millisecondsPerClip === undefined || measured.modelDigest !== model?.modelDigest) return '–';
  return measured.millisecondsPerClip.toPrecision(2);
}

function describeTraining(model: DocumentedModel | undefined): string {
  if (!model) return '**not yet**';
  const { trainedSeconds, machine, commit } = model.made;
  const parts = [
    trainedSeconds === undefined ? undefined : `${(trainedSeconds / 60).toFixed(1)} min`,
    machine,
    commit === undefined ? undefined : `at ${commit}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ') || '–';
}

/** A command may carry a remark in brackets; only the command is code. */
function code(command: string): string {
  const [, bare = command, remark = ''] = /^(.*?)( \(.*\))?$/.exec(command) ?? [];
  return `\`${bare}\`${remark}`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : `${(bytes / 1e6).toFixed(2)} MB`;
}
