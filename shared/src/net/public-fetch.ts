/**
 * Fetches what somebody else's URL points at, without becoming their way into our network (server-side request forgery).
 *
 * Three walls: the address as written (url-rules.ts), every address its name resolves to, and the peer of the connected
 * socket (address-guard.ts, guarded-connection.ts). Redirects are not followed, because each would need all three again.
 * A network policy that keeps the process from private ranges is the fourth, and not ours.
 */
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { isPublicAddress, resolveWithSystem } from './address-guard.js';
import { asFetchError, openGuardedConnection, reasonOf, type ConnectionRules } from './guarded-connection.js';
import { tooLarge, TransferGuard } from './transfer-guard.js';
import { checkUrl, type UrlRules } from './url-rules.js';

export interface PublicFetchOptions extends UrlRules, Partial<Omit<ConnectionRules, 'accepts'>> {
  maxBytes: number;
  /** From the first look at the name to the last header. Default 10 s. */
  headersTimeoutMs?: number;
  /** From the start to the last byte. */
  totalTimeoutMs: number;
  /** A body slower than this over `rateWindowMs` (10 s) is cut; 0 switches the rule off. Default 1024. */
  minBytesPerSecond?: number;
  rateWindowMs?: number;
}

export interface FetchedBody {
  /**
   * The content as it arrives. Read it or destroy it. Fails with `url_too_large`, `url_unreachable` (cut short, too slow,
   * out of time) or the reason of the signal.
   */
  body: Readable;
  /** As declared by the host; not yet checked against what arrives. */
  contentLength?: number;
  contentType?: string;
}

export interface PublicFetch {
  /** @throws AppError `url_forbidden` */
  readonly checkUrl: (url: string) => URL;
  /**
   * GETs `url` and resolves once a 200 has begun.
   * @throws AppError `url_forbidden`, `url_unreachable`, `url_redirected`, `url_too_large`; the reason of `signal`
   */
  readonly fetchStream: (url: string | URL, signal?: AbortSignal) => Promise<FetchedBody>;
}

const HEADERS_MAX_BYTES = 16 * 1024;

export function createPublicFetch(options: PublicFetchOptions): PublicFetch {
  const { allowPrivate, maxBytes, totalTimeoutMs, headersTimeoutMs = 10_000 } = options;
  const { minBytesPerSecond = 1024, rateWindowMs = 10_000, resolve = resolveWithSystem } = options;
  const connection: ConnectionRules = { ...options, resolve, accepts: allowPrivate ? () => true : isPublicAddress };

  return {
    checkUrl: (url) => checkUrl(url, options),
    async fetchStream(given, callerSignal) {
      callerSignal?.throwIfAborted();
      const url = checkUrl(given, options);
      const deadline = createDeadline(callerSignal, totalTimeoutMs);
      const headersTimer = setTimeout(() => deadline.expire(headersTimeoutMs), headersTimeoutMs);
      try {
        const response = await getResponse(url, connection, deadline.signal);
        const facts = requireWholeBody(response, maxBytes);
        const guard = new TransferGuard({ maxBytes, minBytesPerSecond, rateWindowMs });
        return { ...facts, body: passThrough(response, guard, deadline) };
      } catch (error) {
        deadline.release();
        throw error;
      } finally {
        clearTimeout(headersTimer);
      }
    },
  };
}

interface Deadline {
  readonly signal: AbortSignal;
  expire(limitMs: number): void;
  /** Stops the clock and lets go of the caller's signal. */
  release(): void;
}

/** One signal for all that can end a fetch from outside: the caller, the deadline of the headers, the deadline of the whole. */
function createDeadline(callerSignal: AbortSignal | undefined, totalTimeoutMs: number): Deadline {
  const controller = new AbortController();
  const expire = (limitMs: number) =>
    controller.abort(
      new AppError('url_unreachable', {
        detail: 'the host did not answer in time',
        details: { reason: 'timeout', limitMs },
      }),
    );
  const onCallerAbort = () => controller.abort(callerSignal?.reason);
  const timer = setTimeout(() => expire(totalTimeoutMs), totalTimeoutMs);
  callerSignal?.addEventListener('abort', onCallerAbort, { once: true });
  return {
    signal: controller.signal,
    expire,
    release() {
      clearTimeout(timer);
      callerSignal?.removeEventListener('abort', onCallerAbort);
    },
  };
}

async function getResponse(url: URL, rules: ConnectionRules, signal: AbortSignal): Promise<IncomingMessage> {
  const socket = await openGuardedConnection(url, rules, signal);
  try {
    return await askFor(url, socket, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function askFor(url: URL, socket: Socket, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(asFetchError(error, signal));
    // The socket brings TLS along, so the plain client speaks over it, and no agent takes part.
    const asked = request({
      createConnection: () => socket,
      host: url.hostname,
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'timbre',
        connection: 'close',
      },
      maxHeaderSize: HEADERS_MAX_BYTES,
      signal,
    });
    asked.on('response', resolve).on('error', fail);
    asked.on('upgrade', () => fail(new Error('switched to another protocol')));
    asked.on('close', () => fail(new Error('closed without an answer')));
    asked.end();
  });
}

/** @throws AppError unless the answer is a 200 whose body is the file itself, of an allowed size */
function requireWholeBody(response: IncomingMessage, maxBytes: number): Omit<FetchedBody, 'body'> {
  const refuse = (error: AppError): never => {
    response.on('error', () => undefined).destroy();
    throw error;
  };
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400) refuse(new AppError('url_redirected', { details: { status } }));
  if (status !== 200) refuse(unusable('status', 'the host did not answer 200', { status }));
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    refuse(unusable('encoding', 'the host compressed the file though asked not to'));
  const declared = headers['content-length'];
  const contentLength = declared === undefined ? undefined : Number(declared);
  if (contentLength !== undefined && contentLength > maxBytes) refuse(tooLarge(maxBytes, contentLength));
  const contentType = headers['content-type'];
  return {
    ...(contentLength === undefined ? {} : { contentLength }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

function unusable(reason: string, detail: string, facts: Record<string, unknown> = {}): AppError {
  return new AppError('url_unreachable', { detail, details: { reason, ...facts } });
}

function passThrough(response: IncomingMessage, guard: TransferGuard, deadline: Deadline): Readable {
  const { signal } = deadline;
  const onAbort = () => guard.destroy(reasonOf(signal));
  // A response that fails must say so in our words, and the pipeline would pass on its own.
  response.once('error', (error) => guard.destroy(asFetchError(error, signal)));
  signal.addEventListener('abort', onAbort, { once: true });
  pipeline(response, guard, () => {
    signal.removeEventListener('abort', onAbort);
    deadline.release();
  });
  return guard;
}
