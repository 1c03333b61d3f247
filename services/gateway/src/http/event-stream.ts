/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) with a bound on what a reader that
 * does not read can make us hold: past 1 MiB the stream is closed, and the reader resumes with `Last-Event-ID`.
 */
import type { Response } from 'express';

const maxBufferedBytes = 1024 * 1024;
const pingMs = 15_000;

export interface EventStream {
  send(message: { id?: string; event?: string; data: unknown }): void;
  end(): void;
  /** Aborts when the client is gone or was cut off. */
  readonly signal: AbortSignal;
}

export function openEventStream(response: Response): EventStream {
  const gone = new AbortController();
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  response.write('retry: 2000\n\n');
  const ping = setInterval(() => response.write(': ping\n\n'), pingMs);
  response.once('close', () => {
    clearInterval(ping);
    gone.abort();
  });
  return {
    signal: gone.signal,
    send({ id, event, data }) {
      if (gone.signal.aborted) return;
      if (response.writableLength > maxBufferedBytes) {
        gone.abort();
        response.destroy();
        return;
      }
      // JSON never holds a raw newline, so one data line is enough.
      const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
      response.write(`${head}data: ${JSON.stringify(data)}\n\n`);
    },
    end() {
      clearInterval(ping);
      response.end();
    },
  };
}
