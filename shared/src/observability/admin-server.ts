/**
 * The admin listener every service has: `/metrics` (Prometheus), `/healthz` (alive), `/readyz` (ready, with reasons).
 * It has an address of its own (loopback, or the pod network), so that opening the public listener does not publish it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.js';

export interface Readiness {
  ready: boolean;
  /** Name of each thing that must hold → `ok` or the reason it does not. */
  checks: Record<string, string>;
}

export interface AdminServerOptions {
  host: string;
  port: number;
  metrics: Metrics;
  readiness: () => Promise<Readiness> | Readiness;
  /** Anything else the service serves here; answers true when it took the request. */
  extra?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, metrics, readiness, extra } = options;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/metrics') {
      const body = await metrics.registry.metrics();
      response.setHeader('content-type', metrics.registry.contentType).end(body);
    } else if (path === '/healthz') {
      response.setHeader('content-type', 'application/json').end('{"status":"ok"}\n');
    } else if (path === '/readyz') {
      const state = await readiness();
      response.statusCode = state.ready ? 200 : 503;
      response.setHeader('content-type', 'application/json').end(`${JSON.stringify(state)}\n`);
    } else if (!extra?.(request, response)) {
      response.statusCode = 404;
      response.end();
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
