/**
 * POSTs to an address somebody else gave, behind the same walls as public-fetch.ts: the address as written, every address its
 * name resolves to, the peer of the socket; no redirects. Of the answer only the status counts; its body is read to let the
 * other side finish, and dropped.
 */
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../errors.js';
import { isPublicAddress, resolveWithSystem } from './address-guard.js';
import { asFetchError, openGuardedConnection, type ConnectionRules } from './guarded-connection.js';
import { checkUrl, type UrlRules } from './url-rules.js';

export interface PublicPostOptions extends UrlRules, Partial<Omit<ConnectionRules, 'accepts'>> {
  /** From the first look at the name to the status of the answer. Default 15 s. */
  timeoutMs?: number;
}

export interface PostAnswer {
  status: number;
  /** Of `Retry-After`, when it is in seconds. */
  retryAfterSeconds?: number;
}

export interface PublicPost {
  /** @throws AppError `url_forbidden` */
  readonly checkUrl: (url: string) => URL;
  /** @throws AppError `url_forbidden`, `url_unreachable` */
  readonly post: (url: string, message: { headers: Record<string, string>; body: string }) => Promise<PostAnswer>;
}

const answerMaxBytes = 64 * 1024;

export function createPublicPost(options: PublicPostOptions): PublicPost {
  const { allowPrivate, timeoutMs = 15_000, resolve = resolveWithSystem } = options;
  const connection: ConnectionRules = { ...options, resolve, accepts: allowPrivate ? () => true : isPublicAddress };

  return {
    checkUrl: (url) => checkUrl(url, options),
    async post(given, message) {
      const url = checkUrl(given, options);
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(tooLate(timeoutMs)), timeoutMs);
      try {
        const socket = await openGuardedConnection(url, connection, late.signal);
        return await send(url, socket, { ...message, signal: late.signal });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function tooLate(limitMs: number): AppError {
  return new AppError('url_unreachable', {
    detail: 'the host did not answer in time',
    details: { reason: 'timeout', limitMs },
  });
}

interface Sending {
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

function send(url: URL, socket: Socket, { headers, body, signal }: Sending): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(asFetchError(error, signal));
    };
    const asked = request({
      method: 'POST',
      // The socket brings TLS along, so the plain client speaks over it, and no agent takes part.
      createConnection: () => socket,
      host: url.hostname,
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        'user-agent': 'timbre',
        connection: 'close',
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
      },
      maxHeaderSize: 16 * 1024,
      signal,
    });
    asked.on('error', fail).on('close', () => fail(new Error('closed without an answer')));
    asked.on('upgrade', () => fail(new Error('switched to another protocol')));
    asked.on('response', (response) => {
      dropBody(response, socket);
      const after = Number(response.headers['retry-after']);
      const wait = Number.isFinite(after) && after >= 0 ? { retryAfterSeconds: after } : {};
      resolve({ status: response.statusCode ?? 0, ...wait });
    });
    asked.end(body);
  });
}

const dropMs = 5000;

/** Lets a polite receiver end its answer, within bounds. */
function dropBody(response: IncomingMessage, socket: Socket): void {
  let bytes = 0;
  const timer = setTimeout(() => socket.destroy(), dropMs).unref();
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerMaxBytes) socket.destroy();
  });
  response
    .on('error', () => undefined)
    .once('close', () => {
      clearTimeout(timer);
      socket.destroy();
    });
}
