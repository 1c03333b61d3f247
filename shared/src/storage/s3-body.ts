/**
 * The body of a streamed read. Waiting for the server is bounded (30 s and a megabyte a second, counting only the time the
 * reader wants bytes, so a slow reader is no fault), and a body that breaks off is continued from where it stopped.
 */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors.js';
import { deadlineFor, tooSlow, type DeadlineRule } from './deadline.js';

export interface S3Body {
  response: IncomingMessage;
  /** Cuts the connection. */
  cut: () => void;
}

export interface ResumingReadOptions {
  first: S3Body;
  /** Asks for the rest, from so many bytes after the first; its own retries included. */
  reopen: (bytesRead: number) => Promise<S3Body | null>;
  /** For all the waiting of one read. */
  deadline: DeadlineRule;
  /** Silence after which the connection counts as dead. */
  idleMs: number;
  /** Times a body may break off. */
  maxResumes: number;
}

export interface ResumingRead {
  chunks: AsyncGenerator<Buffer, void>;
  cut: () => void;
}

export function resumingRead({ first, reopen, deadline, idleMs, maxResumes }: ResumingReadOptions): ResumingRead {
  let body: S3Body | null = first;
  let closed = false;

  async function* chunks(): AsyncGenerator<Buffer, void> {
    let bytesRead = 0;
    let waitedMs = 0;
    for (let breaks = 0; body !== null;) {
      const source: AsyncIterator<Buffer> = body.response[Symbol.asyncIterator]();
      try {
        for (;;) {
          const limitMs = Math.min(idleMs, deadlineFor(deadline, bytesRead) - waitedMs);
          const startedAt = performance.now();
          const { done, value } = await nextWithin(source, limitMs, body.cut);
          waitedMs += performance.now() - startedAt;
          if (done === true) return;
          bytesRead += value.length;
          yield value;
        }
      } catch (error) {
        if (closed || ++breaks > maxResumes) throw brokeOff(error);
        body = await reopen(bytesRead);
      }
    }
  }

  return {
    chunks: chunks(),
    cut() {
      closed = true;
      body?.cut();
    },
  };
}

async function nextWithin(
  source: AsyncIterator<Buffer>,
  limitMs: number,
  cut: () => void,
): Promise<IteratorResult<Buffer, unknown>> {
  let timedOut = false as boolean;
  const timer = setTimeout(() => {
    timedOut = true;
    cut();
  }, limitMs);
  try {
    return await source.next();
  } catch (error) {
    throw timedOut ? tooSlow(limitMs) : error;
  } finally {
    clearTimeout(timer);
  }
}

function brokeOff(cause: unknown): AppError {
  return cause instanceof AppError
    ? cause
    : new AppError('dependency_unavailable', { detail: 'the object broke off while it was read', cause });
}
