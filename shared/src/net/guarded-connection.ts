/**
 * One connection to a host that somebody else named. The socket is made here rather than by an HTTP agent, because an agent
 * may reuse sockets, go through a proxy or speak TLS before anybody looked where it got to. Here not one byte is sent before
 * the peer's address has been judged.
 */
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { AppError, isAppError } from '../errors.js';
import { forbiddenAddress, guardedLookup, type Resolve } from './address-guard.js';
import { hostOf, portOf } from './url-rules.js';

export interface ConnectionRules {
  resolve: Resolve;
  accepts: (address: string) => boolean;
  /** PEM certificates to trust instead of the built-in authorities. */
  ca?: string | string[] | undefined;
  /** The one call that reaches the network. */
  dial?: ((options: TcpNetConnectOpts) => Socket) | undefined;
}

/**
 * A connected socket, with TLS for https; the caller destroys it.
 * @throws AppError `url_forbidden` (a name or peer at an address not accepted), `url_unreachable`; the reason of `signal`
 */
export async function openGuardedConnection(url: URL, rules: ConnectionRules, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const { resolve, accepts, ca, dial = connectTcp } = rules;
  const tcp = dial({
    host: hostOf(url),
    port: portOf(url),
    lookup: guardedLookup(resolve, accepts),
    autoSelectFamily: true,
    noDelay: true,
  });
  await until(tcp, 'connect', signal);
  if (tcp.remoteAddress === undefined || !accepts(tcp.remoteAddress)) {
    tcp.destroy();
    throw forbiddenAddress();
  }
  if (url.protocol !== 'https:') return tcp;
  const host = hostOf(url);
  const tls: TLSSocket = connectTls({
    socket: tcp,
    host,
    // Server names are host names, never addresses (RFC 6066).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ['http/1.1'],
    ...(ca === undefined ? {} : { ca }),
  });
  await until(tls, 'secureConnect', signal);
  return tls;
}

/** Resolves at `event`; the socket is destroyed when it fails or `signal` aborts first. */
async function until(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      socket.off(event, onReady).off('error', settle).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      // A destroyed socket may still report what it was doing.
      socket.on('error', () => undefined).destroy();
      reject(asFetchError(error, signal));
    };
    const onReady = () => settle();
    const onClose = () => settle(new Error('closed before it was connected'));
    const onAbort = () => settle(new Error('aborted'));
    socket.once(event, onReady).once('error', settle).once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** What an aborted signal was aborted with. */
export function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** Failures of the remote side as `url_unreachable`; what the caller aborted as the reason it gave. */
export function asFetchError(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return reasonOf(signal);
  if (isAppError(error)) return error;
  const systemCode =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return new AppError('url_unreachable', {
    detail: 'the connection failed',
    details: { reason: 'connection', ...(systemCode === undefined ? {} : { systemCode }) },
    cause: error,
  });
}
