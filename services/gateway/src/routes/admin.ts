/** `/v1/admin`: what the operators' page needs; for keys with the scope `admin` only, of whatever tenant. */
import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import type { Logger } from '@timbre/shared/observability/logger';
import { failuresView, readOverview, type OverviewDeps } from '../admin/overview.js';
import { requireScope } from '../http/authenticate.js';
import { methodNotAllowed } from '../http/error-handler.js';
import { parseInput } from '../http/parse.js';
import { requirePrincipal } from '../http/request-context.js';

export interface AdminRoutesDeps extends OverviewDeps {
  log: Logger;
}

export const failuresQuerySchema = z.strictObject({ code: z.string().min(1).max(64).optional() });

export function adminRoutes(deps: AdminRoutesDeps): Router {
  const router = Router();

  router
    .route('/overview')
    .get(requireScope('admin'), async (_request, response) => {
      response.json(await readOverview(deps));
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/failures')
    .get(requireScope('admin'), async (request, response) => {
      const { code } = parseInput(failuresQuerySchema, request.query);
      const failures = await deps.failures.lastHour(code);
      response.json({ sinceSeconds: 3600, failures: failures.map(failuresView) });
    })
    .all(methodNotAllowed('GET'));

  const pausing =
    (paused: boolean): RequestHandler =>
    async (request: Request, response) => {
      const queue = String(request.params['queue']);
      await deps.queues.pause(queue, paused);
      deps.log.warn(
        { queue, paused, keyId: requirePrincipal(request).keyId },
        'queue paused or resumed by an operator',
      );
      response.json({ queue, paused });
    };
  for (const [action, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const)
    router.route(`/queues/:queue/${action}`).post(requireScope('admin'), pausing(paused)).all(methodNotAllowed('POST'));

  return router;
}
