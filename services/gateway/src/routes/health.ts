/** Liveness, readiness with reasons, and the limits in force. */
import { Router } from 'express';
import type { Readiness } from '@timbre/shared/observability/admin-server';

export function healthRoutes(readiness: () => Promise<Readiness>, limits: Record<string, unknown>): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  router.get('/readyz', async (_request, response) => {
    const state = await readiness();
    response.status(state.ready ? 200 : 503).json(state);
  });
  router.get('/v1/limits', (_request, response) => void response.json(limits));
  return router;
}
