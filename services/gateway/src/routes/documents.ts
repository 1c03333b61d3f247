/**
 * What the gateway says about itself: the API document, its browsable form, a page for each error code, and a first page.
 * Pages hold no text of users and run no script but the documentation's own; each carries the policy that says so.
 */
import { Router, type RequestHandler, type Response } from 'express';
import { AppError } from '@timbre/shared/errors';
import { methodNotAllowed } from '../http/error-handler.js';
import type { OpenApiDocument } from '../openapi/document.js';
import { docsAssetPath, docsPage, docsPolicy, startScript, startScriptName } from '../openapi/pages/docs-page.js';
import { homePage } from '../openapi/pages/home-page.js';
import { pagePolicy } from '../openapi/pages/page.js';
import { isErrorCode, problemPage, problemText } from '../openapi/pages/problem-page.js';

export interface DocumentRoutesDeps {
  document: OpenApiDocument;
}

export function documentRoutes({ document }: DocumentRoutesDeps): RequestHandler {
  const json = JSON.stringify(document);
  const home = homePage(document.servers?.[0]?.url ?? '', document.info.version);
  const router = Router();
  const get = (path: string, handler: RequestHandler) =>
    router.route(path).get(handler).all(methodNotAllowed('GET', 'HEAD'));

  get('/openapi.json', (_request, response) => {
    send(response, 'application/json', json);
  });
  get('/docs', (_request, response) => {
    sendPage(response, docsPage, docsPolicy);
  });
  get('/docs/:asset', (request, response, next) => {
    const name = String(request.params['asset']);
    if (name === startScriptName) {
      send(response, 'text/javascript', startScript);
      return;
    }
    const path = docsAssetPath(name);
    if (path === undefined) throw new AppError('not_found');
    guard(response);
    response.sendFile(path, { maxAge: '1h' }, (error: unknown) => {
      if (error !== undefined && !response.headersSent) next(error);
    });
  });
  get('/problems/:code', (request, response) => {
    const code = String(request.params['code']);
    if (!isErrorCode(code)) throw new AppError('not_found');
    response.vary('Accept');
    // Programs that take anything get text; browsers ask for HTML by name.
    if (request.accepts(['text/plain', 'text/html']) === 'text/html') sendPage(response, problemPage(code), pagePolicy);
    else send(response, 'text/plain', problemText(code));
  });
  get('/', (_request, response) => {
    sendPage(response, home, pagePolicy);
  });
  return router;
}

function sendPage(response: Response, page: string, policy: string): void {
  response.setHeader('Content-Security-Policy', policy);
  send(response, 'text/html', page);
}

function send(response: Response, type: string, body: string): void {
  guard(response);
  response.type(`${type}; charset=utf-8`).send(body);
}

function guard(response: Response): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
}
