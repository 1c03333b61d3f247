/** What is wrong with a model folder, for the operator who has to mend it. */
import { z } from 'zod';
import { isAppError } from '../errors.js';

const shownIssues = 5;

/** One sentence. */
export function describeProblem(error: unknown): string {
  if (error instanceof z.ZodError) {
    const issues = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
    const more = issues.length > shownIssues ? `; and ${issues.length - shownIssues} more` : '';
    return `model.json is not a model card: ${issues.slice(0, shownIssues).join('; ')}${more}`;
  }
  if (error instanceof SyntaxError) return `model.json is not JSON: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Wrong content stays wrong until its file changes; what could not be read this time is read again next time. */
export function isLastingProblem(error: unknown): boolean {
  return error instanceof z.ZodError || error instanceof SyntaxError || (isAppError(error) && error.code === 'model_invalid');
}
