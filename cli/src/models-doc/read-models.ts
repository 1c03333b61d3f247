/** Collects what there is to say: cards with their graphs, figures of large models, recipes, evaluations, golden speeds. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { modelCardSchema } from '@timbre/shared/contracts/model-card';
import { modelDigestOf } from '@timbre/shared/models/model-catalog';
import type { EvaluationReport } from '../evaluate/report/evaluation-report.js';
import { codecAgreementSchema, type CodecAgreement } from './codec-agreement.js';
import { madeSchema, resultsSchema, type DocumentedModel } from './documented-model.js';
import { countParameters } from './onnx-parameters.js';
import { recipeOf, type TrainingRecipe } from './training-recipe.js';

export interface Findings {
  models: DocumentedModel[];
  recipes: TrainingRecipe[];
  evaluations: StoredEvaluation[];
  speeds: Speeds | undefined;
  codecs: CodecAgreement | undefined;
}

export interface StoredEvaluation {
  /** Folder under `docs/evaluations`. */
  name: string;
  report: EvaluationReport;
}

const goldenSchema = z.looseObject({
  tools: z.record(z.string(), z.string()),
  models: z.record(z.string(), z.looseObject({ modelDigest: z.string(), millisecondsPerClip: z.number().optional() })),
});
export type Speeds = z.infer<typeof goldenSchema>;

export async function readFindings(root: string): Promise<Findings> {
  const [cards, large, recipes, evaluations, speeds, codecs] = await Promise.all([
    readCards(join(root, 'models')),
    readResults(join(root, 'training', 'results')),
    readRecipes(join(root, 'training', 'timbre_training', 'recipes')),
    readEvaluations(join(root, 'docs', 'evaluations')),
    readSpeeds(join(root, 'test', 'e2e', 'golden', 'model-scores.json')),
    readCodecs(join(root, 'docs', 'evaluations', 'codec-agreement.json')),
  ]);
  const here = new Set(cards.map(({ id }) => id));
  return { models: [...cards, ...large.filter(({ id }) => !here.has(id))], recipes, evaluations, speeds, codecs };
}

async function readCards(folder: string): Promise<DocumentedModel[]> {
  const names = await namesIn(folder);
  const models = await Promise.all(names.map((name) => readCard(join(folder, name))));
  return models.filter((model) => model !== undefined);
}

async function readCard(folder: string): Promise<DocumentedModel | undefined> {
  const text = await readIfThere(join(folder, 'model.json'));
  if (text === undefined) return undefined;
  const card = modelCardSchema.parse(JSON.parse(text));
  const onnx = await readFile(join(folder, 'model.onnx')).catch(ignoreAbsence);
  return {
    ...card,
    made: madeSchema.parse(card.provenance),
    parameters: onnx && countParameters(onnx),
    onnxBytes: onnx?.length,
    rules: {
      silenceGateDbfs: card.silenceGate.rmsDbfs,
      ...card.segments,
      clipRule: card.clipRule,
    },
    modelDigest: modelDigestOf(card),
    licence: card.licence,
  };
}

async function readResults(folder: string): Promise<DocumentedModel[]> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.json'));
  return Promise.all(
    names.map(async (name) => {
      const results = resultsSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      const { parameters, onnxBytes } = results;
      const absent = { rules: undefined, modelDigest: undefined, licence: undefined };
      return { ...results, made: results, parameters, onnxBytes, ...absent };
    }),
  );
}

async function readRecipes(folder: string): Promise<TrainingRecipe[]> {
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.py'));
  const read = names.map(async (name) => recipeOf(name, await readFile(join(folder, name), 'utf8')));
  return (await Promise.all(read)).filter((recipe) => recipe !== undefined);
}

async function readEvaluations(folder: string): Promise<StoredEvaluation[]> {
  const read = (await namesIn(folder)).map(async (name) => {
    const text = await readIfThere(join(folder, name, 'report.json'));
    return text === undefined ? [] : [{ name, report: JSON.parse(text) as EvaluationReport }];
  });
  return (await Promise.all(read)).flat();
}

async function readSpeeds(path: string): Promise<Speeds | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : goldenSchema.parse(JSON.parse(text));
}

async function readCodecs(path: string): Promise<CodecAgreement | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : codecAgreementSchema.parse(JSON.parse(text));
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith('.')).sort();
}

function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreAbsence);
}

function ignoreAbsence(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
