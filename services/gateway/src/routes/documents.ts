/**
 * What the gateway says about itself: the API document, its browsable form, a page for each error code, and a first page.
 * Pages the gateway makes hold no text of users and run no script but the documentation's own; at `/` stands the page that
 * `web/` builds, or a simple one that says how to build it; each carries the policy that says so.
 */
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '@timbre/shared/errors';
import { methodNotAllowed } from '../http/error-handler.js';
import type { OpenApiDocument } from '../openapi/document.js';
import { builtPageFolder, builtPagePolicy, createBuiltPage, type PageFile } from '../openapi/pages/built-page.js';
import { docsAssetPath, docsPage, docsPolicy, startScript, startScriptName } from '../openapi/pages/docs-page.js';
import { homePage } from '../openapi/pages/home-page.js';
import { pagePolicy } from '../openapi/pages/page.js';
import { isErrorCode, problemPage, problemText } from '../openapi/pages/problem-page.js';

export interface DocumentRoutesDeps {
  document: OpenApiDocument;
  /** Where `web/` was built. */
  pageFolder?: string;
}

export function documentRoutes({ document, pageFolder = builtPageFolder }: DocumentRoutesDeps): RequestHandler {
  const builtPage = createBuiltPage(pageFolder);
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
  get('/', async (request, response) => {
    const page = await builtPage();
    if (!page) {
      sendPage(response, home, pagePolicy);
      return;
    }
    response.setHeader('Content-Security-Policy', builtPagePolicy);
    response.setHeader('Cache-Control', 'no-cache');
    sendFile(request, response, page.index);
  });
  get('/assets/:name', async (request, response) => {
    const file = (await builtPage())?.assets.get(String(request.params['name']));
    if (!file) throw new AppError('not_found');
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    sendFile(request, response, file);
  });
  return router;
}

function sendFile(request: Request, response: Response, file: PageFile): void {
  guard(response);
  response.vary('Accept-Encoding');
  const encoding = file.br && file.gzip ? request.acceptsEncodings(['br', 'gzip', 'identity']) : 'identity';
  const body = encoding === 'br' ? file.br : encoding === 'gzip' ? file.gzip : file.plain;
  if (body !== file.plain) response.setHeader('Content-Encoding', String(encoding));
  response.setHeader('Content-Type', file.type);
  response.send(body);
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
