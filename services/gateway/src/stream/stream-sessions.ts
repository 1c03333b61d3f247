/** Live sessions of this gateway: caps, the WebSocket of each, signs of life, and their orderly end. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { AppError, toAppError } from '@timbre/shared/errors';
import { streamClientMessageSchema, streamProtocol, streamQuerySchema } from '@timbre/shared/contracts/stream';
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';
import type { Metrics } from '@timbre/shared/observability/metrics';
import type { ModelCatalog } from '@timbre/shared/models/model-catalog';
import type { Upgrade } from '../http/upgrades.js';
import { parseInput } from '../http/parse.js';
import { requireModel } from '../jobs/submit-job.js';
import { createTenantQuota } from '../limits/tenant-quota.js';
import type { SavedTake, SavedTakes } from './saved-takes.js';
import { openSession, type Session, type SessionDeps } from './session.js';

export interface StreamSessionsOptions extends SessionDeps {
  models: ModelCatalog;
  takes: SavedTakes;
  metrics: Metrics;
  defaultModel: string | undefined;
  maxPerTenant: number;
  maxInAll: number;
  maxMessageBytes: number;
  idleSeconds: number;
  draining: () => boolean;
}

export interface StreamCaller {
  tenant: string;
  traceparent: string;
  query: unknown;
}

export type StreamSessions = ReturnType<typeof createStreamSessions>;

const pingMs = 15_000;
/** A client that does not read is cut off; as for event streams. */
const maxUnreadBytes = 1024 * 1024;

export function createStreamSessions(options: StreamSessionsOptions) {
  const { metrics, models, takes } = options;
  const quota = createTenantQuota({ limit: options.maxPerTenant, what: 'live sessions' });
  const open = new Set<Promise<Session | undefined>>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(streamProtocol) ? streamProtocol : false),
  });

  /** Takes a place for the session. @throws AppError `quota_exceeded`, `shutting_down` */
  const enter = (tenant: string): (() => void) => {
    if (options.draining()) throw new AppError('shutting_down');
    if (open.size >= options.maxInAll)
      throw new AppError('quota_exceeded', { detail: 'this server has as many live sessions as it takes' });
    return quota.acquire(tenant);
  };

  const begin = async (socket: WebSocket, { tenant, traceparent, query: given }: StreamCaller): Promise<Session> => {
    const query = parseInput(streamQuerySchema, given);
    const model = requireModel(models, query.model, options.defaultModel);
    const failure: { tell?: (error: AppError) => void } = {};
    let take: SavedTake | undefined;
    if (query.save)
      take = await takes.open(
        {
          ...{ tenant, traceparent, format: query.format, sampleRateHz: query.rate, model: model.card.id },
          name: query.name ?? `take ${new Date().toISOString().slice(0, 19).replace('T', ' ')}.wav`,
        },
        (error) => failure.tell?.(error),
      );
    const peer = peerOf(socket);
    const session = openSession({ id: randomUUID(), tenant, query, model, traceparent, take, peer }, options);
    failure.tell = (error) => void session.finish('error', error);
    return session;
  };

  const serve = (socket: WebSocket, caller: StreamCaller): void => {
    // Broken frames and messages over the limit: `ws` closes the connection with the right code.
    socket.on('error', () => undefined);
    let release: () => void;
    try {
      release = enter(caller.tenant);
    } catch (error) {
      refuse(socket, toAppError(error), metrics);
      return;
    }
    // Audio may come while the take is being opened: it stays in the socket.
    socket.pause();
    const beginning = begin(socket, caller).catch((error: unknown) => {
      refuse(socket, toAppError(error), metrics);
      return undefined;
    });
    open.add(beginning);
    metrics.streamsOpen.inc({ kind: 'audio' });
    const leave = (): void => {
      if (!open.delete(beginning)) return;
      release();
      metrics.streamsOpen.dec({ kind: 'audio' });
    };
    void beginning.then(async (session) => {
      if (session) await follow(socket, session, options.idleSeconds * 1000);
      leave();
    });
  };

  return {
    /** Completes the handshake and serves the session. Refusals after this point are messages, as browsers see no others. */
    accept(request: IncomingMessage, { socket, head }: Upgrade, caller: StreamCaller): void {
      server.handleUpgrade(request, socket, head, (ws) => serve(ws, caller));
    },

    /** Ends every session, its take saved. */
    async close(): Promise<void> {
      const ends = [...open].map(async (beginning) =>
        (await beginning)?.finish('shutdown', new AppError('shutting_down')),
      );
      await Promise.allSettled(ends);
    },
  };
}

/** Passes messages to the session until it is over. */
async function follow(socket: WebSocket, session: Session, idleMs: number): Promise<void> {
  let heardAt = performance.now();
  let answered = true;
  const over = new Promise<void>((resolve) => {
    const finish = (...how: Parameters<Session['finish']>): void => void session.finish(...how).then(resolve, resolve);
    const idle = setInterval(
      () => {
        // A sender that we ourselves keep waiting is not idle.
        if (socket.isPaused) heardAt = performance.now();
        else if (performance.now() - heardAt > idleMs)
          finish('idle', new AppError('request_timeout', { detail: 'no audio came for too long' }));
      },
      Math.min(1000, idleMs / 2),
    );
    const ping = setInterval(() => {
      if (!answered && !socket.isPaused) return void socket.terminate();
      answered = false;
      socket.ping();
    }, pingMs);
    socket.on('pong', () => (answered = true));
    socket.on('message', (data: RawData, isBinary) => {
      heardAt = performance.now();
      if (isBinary) session.receive(bytesOf(data));
      else if (isEnd(data)) finish('end');
      else finish('error', new AppError('invalid_parameter', { detail: 'not a message of this protocol' }));
    });
    if (socket.readyState >= socket.CLOSING) finish('gone');
    socket.once('close', () => {
      clearInterval(idle);
      clearInterval(ping);
      finish('gone');
    });
  });
  socket.resume();
  await over;
}

function peerOf(socket: WebSocket) {
  const isOpen = () => socket.readyState === socket.OPEN;
  return {
    send(message: StreamServerMessage): void {
      if (!isOpen()) return;
      if (socket.bufferedAmount > maxUnreadBytes) socket.terminate();
      else socket.send(JSON.stringify(message));
    },
    pause: () => {
      if (isOpen() && !socket.isPaused) socket.pause();
    },
    resume: () => {
      if (socket.isPaused) socket.resume();
    },
    close(code: number, reason: string): void {
      // A paused socket would never see the answer to its farewell.
      if (socket.isPaused) socket.resume();
      socket.close(code, reason);
    },
  };
}

/** Tells why there is no session, then closes: 1013 (try again later) for what passes, else 1008 (policy). */
function refuse(socket: WebSocket, error: AppError, metrics: Metrics): void {
  metrics.requestsRejected.inc({ code: error.code });
  const peer = peerOf(socket);
  peer.send({ type: 'error', code: error.code, detail: error.message });
  peer.close(error.retryable ? 1013 : 1008, error.code);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function isEnd(data: RawData): boolean {
  try {
    return streamClientMessageSchema.safeParse(JSON.parse(bytesOf(data).toString('utf8'))).success;
  } catch {
    return false;
  }
}
