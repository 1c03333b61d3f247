/**
 * Follows a stream of server-sent events to its `end` event, past broken connections: each new connection names the last
 * event that was seen. Where streams do not come through (a proxy that buffers them, too many of them open), it asks for the
 * state instead, which is as right and only slower.
 */
import { chunksOf, readEvents } from './event-stream.js';
import { isTransient, retryDelayMs } from './retry.js';
import type { Transport } from './transport.js';
import { sleep } from './wait.js';

export interface FollowOptions {
  path: string;
  signal?: AbortSignal | undefined;
  /** Go on after this event. */
  lastEventId?: string | undefined;
  /** The state, once something may have changed. */
  poll: () => Promise<{ data: unknown; ended: boolean }>;
}

export interface FollowedEvent {
  data: unknown;
  /** Undefined for a polled state. */
  id: string | undefined;
}

/** The service sends at least a ping in 15 s. */
const SILENCE_MS = 40_000;
/** Connections in a row that brought nothing before polling begins. */
const MAX_FAILURES = 4;

export async function* followEvents(transport: Transport, options: FollowOptions): AsyncGenerator<FollowedEvent, void> {
  let { lastEventId } = options;
  let failures = 0;
  while (failures < MAX_FAILURES) {
    let failure: unknown;
    try {
      for await (const { id, event, data } of connect(transport, { ...options, lastEventId })) {
        failures = 0;
        lastEventId = id ?? lastEventId;
        yield { data: JSON.parse(data) as unknown, id };
        if (event === 'end') return;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isTransient(error) && !(error instanceof NoEventStream)) throw error;
      failure = error;
    }
    failures += 1;
    if (failures < MAX_FAILURES) await sleep(retryDelayMs(failures, failure), options.signal);
  }
  for (;;) {
    const { data, ended } = await options.poll();
    yield { data, id: undefined };
    if (ended) return;
  }
}

class NoEventStream extends Error {}

async function* connect(transport: Transport, { path, signal, lastEventId }: FollowOptions) {
  const silent = new AbortController();
  const response = await transport.send({
    method: 'GET',
    path,
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    signal: signal ? AbortSignal.any([signal, silent.signal]) : silent.signal,
    attempts: 1,
  });
  if (!response.body || !/^text\/event-stream/i.test(response.headers.get('content-type') ?? ''))
    throw new NoEventStream('the answer is no event stream');
  const chunks = chunksOf(response.body as ReadableStream<Uint8Array>, async (reader) => {
    const timer = setTimeout(() => silent.abort(new TypeError('the stream went silent')), SILENCE_MS);
    try {
      return await reader.read();
    } finally {
      clearTimeout(timer);
    }
  });
  yield* readEvents(chunks);
}
