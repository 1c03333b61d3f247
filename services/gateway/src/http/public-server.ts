/**
 * The public listener. Headers must arrive within 10 s and fit 16 KiB; bodies have no fixed time, but a minimum rate
 * (ingress-guard) or a limit (json-body) where they are read, and a limit here where the answer did without them. On stop, connections are told to close, idle ones at once, the rest when their answer is out.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { rawProblem } from './problem.js';
import { passUpgrades } from './upgrades.js';

export interface PublicServer {
  readonly port: number;
  close(graceMs: number): Promise<void>;
}

export interface PublicServerOptions {
  host: string;
  port: number;
  /** How long after its answer the rest of a body may take. Default 10 s. */
  restMs?: number;
}

export async function startPublicServer(
  listener: RequestListener,
  { host, port, restMs = 10_000 }: PublicServerOptions,
): Promise<PublicServer> {
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 1000,
    },
    listener,
  );
  server.on('request', (request, response) => {
    // Until the body is over, Node keeps the connection for the next request without any limit.
    response.once('finish', () => {
      if (request.complete) return;
      setTimeout(() => void (request.complete || request.socket.destroy()), restMs).unref();
    });
  });
  passUpgrades(server, listener);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    if (error.code === 'HPE_HEADER_OVERFLOW') return void socket.end(rawProblem(431, 'headers_too_large'));
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return void socket.end(rawProblem(408, 'request_timeout'));
    socket.end(rawProblem(400, 'invalid_parameter'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
