/** What the recipes in `training/` say of themselves in the first line of their docstring. Pure. */

export interface TrainingRecipe {
  modelId: string;
  /** Its number in the original research; undefined for our own. */
  number: number | undefined;
  /** One sentence without its full stop. */
  description: string;
  /** What makes the model. */
  command: string;
}

/** Recipes of the original research, each of which gets a row. */
export const RESEARCH_RECIPES = [1, 2, 3, 4, 5, 6, 7];

const DOCSTRING = /^"""(?:Recipe (\d+)|(Our own model)): (\S[\s\S]*?)(?:\.\s|"""|`)/;

/** Undefined for a module that makes no model. */
export function recipeOf(fileName: string, source: string): TrainingRecipe | undefined {
  const [, number, own, sentence] = DOCSTRING.exec(source) ?? [];
  if (sentence === undefined) return undefined;
  const modelId = fileName.replace(/\.py$/, '').replaceAll('_', '-');
  return {
    modelId,
    number: own === undefined ? Number(number) : undefined,
    description: sentence.replace(/\s+/g, ' ').trim(),
    command: `training/train.sh ${modelId}`,
  };
}
