/** What every handler may ask of a request: its id, its trace, who is asking. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '@timbre/shared/observability/logger';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { noTracing, type Tracing } from '@timbre/shared/observability/tracing';
import type { Principal } from '@timbre/shared/auth/api-keys';
import { AppError } from '@timbre/shared/errors';

export interface RequestContext {
  requestId: string;
  traceparent: string;
  principal?: Principal;
  /** Where the router that has the request is mounted, as the application says it. */
  mount?: string;
}

const contexts = new WeakMap<Request, RequestContext>();

export function contextOf(request: Request): RequestContext {
  const context = contexts.get(request);
  if (!context) throw new AppError('internal', { detail: 'the request has no context' });
  return context;
}

/** Who is asking; routes that use it stand behind authentication. */
export function requirePrincipal(request: Request): Principal {
  const { principal } = contextOf(request);
  if (!principal) throw new AppError('auth_missing');
  return principal;
}

const acceptableId = /^[A-Za-z0-9._-]{8,64}$/;

/** Gives each request an id and a trace, and records its duration by route pattern, never by path. */
export function requestContext(log: Logger, metrics: Metrics, tracing: Tracing = noTracing): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const given = request.get('x-request-id');
    const requestId = given && acceptableId.test(given) ? given : randomUUID();
    const span = tracing.span('request', { parent: request.get('traceparent'), kind: 'server' });
    contexts.set(request, { requestId, traceparent: span.traceparent });
    response.setHeader('X-Request-Id', requestId);
    response.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const route = routePattern(request);
      const method = knownMethods.has(request.method) ? request.method : 'other';
      const known = response.writableFinished || response.statusCode === 101;
      const status = known ? String(response.statusCode) : 'aborted';
      metrics.httpSeconds.observe({ method, route, status }, seconds);
      span.end({
        name: `${method} ${route}`,
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': response.statusCode,
        },
        ...(response.statusCode >= 500 ? { error: status } : {}),
      });
      log.debug({ requestId, method, route, status, seconds }, 'request');
    });
    next();
  };
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Stands before a router that is mounted at `path`: Express itself only knows how the client wrote it. */
export function mountedAt(path: string): RequestHandler {
  return (request, _response, next) => {
    contextOf(request).mount = path;
    next();
  };
}

/** The pattern of the route as the application declares it: from a set that no client can make larger. */
function routePattern(request: Request): string {
  const route = request.route as { path?: unknown } | undefined;
  if (typeof route?.path !== 'string') return 'unmatched';
  const { mount = '' } = contextOf(request);
  return mount !== '' && route.path === '/' ? mount : `${mount}${route.path}`;
}

/** Aborts when the client goes away before the answer is complete. */
export function clientSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished)
      controller.abort(new AppError('upload_incomplete', { detail: 'the client went away' }));
  });
  return controller.signal;
}
