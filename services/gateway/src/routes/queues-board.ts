/** Bull Board, read-only, on the admin listener only; with keys in force it asks for one of scope `admin`. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type Express } from 'express';
import { isAppError } from '@timbre/shared/errors';
import type { KeyStore } from '@timbre/shared/auth/api-keys';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';
import { presentedKey, type AuthMode } from '../http/authenticate.js';

export function queuesBoard(queues: TaskQueues, auth: { mode: AuthMode; keys: KeyStore }): Express {
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/queues');
  createBullBoard({
    queues: queues.all().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Timbre queues' } },
  });
  const app = express();
  app.disable('x-powered-by');
  app.use('/queues', async (request, response, next) => {
    if (auth.mode === 'none') return void next();
    try {
      const principal = await auth.keys.authenticate(presentedKey((name) => request.get(name)) ?? '');
      if (principal.scopes.includes('admin')) return void next();
      response.sendStatus(403);
    } catch (error) {
      if (!isAppError(error)) throw error;
      response.setHeader('WWW-Authenticate', 'Basic realm="Timbre, API key as password"').sendStatus(401);
    }
  });
  app.use('/queues', adapter.getRouter() as express.Router);
  return app;
}
