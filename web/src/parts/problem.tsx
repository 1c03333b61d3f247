/** A failure as a person can use it: what happened, what helps, and the code for whoever looks after the service. */
import { TimbreApiError } from '@timbre/client';

export interface Problem {
  title: string;
  detail: string;
  code?: string | undefined;
  requestId?: string | undefined;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof TimbreApiError)
    return {
      title: error.title ?? 'The server refused',
      detail: error.message,
      code: error.code,
      requestId: error.requestId,
    };
  if (error instanceof TypeError)
    return { title: 'The server cannot be reached', detail: 'Is it running, and is this device online? Try again.' };
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return { title: 'The server took too long', detail: 'It may be busy. Try again in a moment.' };
  return { title: 'That did not work', detail: error instanceof Error ? error.message : String(error) };
}

export const isMissing = (error: unknown): boolean => error instanceof TimbreApiError && error.status === 404;

export function ProblemNote({ problem, onRetry }: { problem: Problem; onRetry?: (() => void) | undefined }) {
  return (
    <div class="problem" role="alert">
      <p class="problem-title">{problem.title}</p>
      <p>{problem.detail}</p>
      {problem.code && (
        <p class="problem-code">
          <a href={`/problems/${problem.code}`} target="_blank" rel="noreferrer">
            {problem.code}
          </a>
          {problem.requestId && <> · request {problem.requestId}</>}
        </p>
      )}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
