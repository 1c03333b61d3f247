/**
 * Bull Board, read-only, on the admin listener only. With keys in force it asks for one of scope `admin`; without, it
 * answers programs and pages of this machine alone, as the API does.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type Express, type RequestHandler } from 'express';
import { isAppError } from '@timbre/shared/errors';
import type { TaskQueues } from '@timbre/shared/queue/task-queues';
import { checkLocal, presentedKey, type AuthOptions } from '../http/authenticate.js';

export function queuesBoard(queues: TaskQueues, auth: AuthOptions): Express {
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/queues');
  createBullBoard({
    queues: queues.all().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Timbre queues' } },
  });
  const app = express();
  app.disable('x-powered-by');
  app.use('/queues', admit(auth));
  app.use('/queues', adapter.getRouter() as express.Router);
  return app;
}

/** Plain statuses: whoever opens the board is a person with a browser. */
function admit({ mode, keys, hosts }: AuthOptions): RequestHandler {
  return async (request, response, next) => {
    try {
      if (mode === 'none') {
        checkLocal(request, hosts);
        return void next();
      }
      const principal = await keys.authenticate(presentedKey((name) => request.get(name)) ?? '');
      if (principal.scopes.includes('admin')) return void next();
      response.sendStatus(403);
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (error.httpStatus === 401)
        response.setHeader('WWW-Authenticate', 'Basic realm="Timbre, API key as password"').sendStatus(401);
      else response.status(error.httpStatus).type('text/plain').send(error.message);
    }
  };
}
