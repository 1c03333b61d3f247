/** `/v1/stream`: the handshake of a live session; see stream/. */
import { Router, type Request } from 'express';
import { AppError } from '@timbre/shared/errors';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { contextOf, requirePrincipal } from '../http/request-context.js';
import { takeUpgrade, wantsUpgrade } from '../http/upgrades.js';
import type { StreamSessions } from '../stream/stream-sessions.js';

export interface StreamRoutesDeps {
  sessions: StreamSessions;
  /** Origins whose pages may open sessions beside our own; `null`: whoever passed authentication. */
  origins: readonly string[] | null;
}

export function streamRoutes({ sessions, origins }: StreamRoutesDeps): Router {
  const router = Router();
  router
    .route('/')
    .get(requireScope('submit'), (request, response) => {
      checkOrigin(request, origins);
      if (!wantsUpgrade(request)) {
        response.setHeader('Upgrade', 'websocket');
        throw new AppError('upgrade_required');
      }
      const { tenant } = requirePrincipal(request);
      const { traceparent } = contextOf(request);
      const { query } = request;
      const upgrade = takeUpgrade(request, response);
      if (upgrade) sessions.accept(request, upgrade, { tenant, traceparent, query });
    })
    .all(methodNotAllowed('GET'));
  return router;
}

/**
 * Browsers do not keep pages of other origins from opening WebSockets, so that is for us to do. Programs send no origin.
 * @throws AppError `forbidden`
 */
function checkOrigin(request: Request, origins: readonly string[] | null): void {
  const origin = request.get('origin');
  if (origin === undefined || !origins || origins.includes(origin) || origins.includes('*')) return;
  if (URL.canParse(origin) && new URL(origin).host === request.get('host')) return;
  throw new AppError('forbidden', { detail: 'pages of this origin may not open live sessions; see CORS_ORIGINS' });
}
