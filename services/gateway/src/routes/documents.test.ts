import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCatalog } from '@timbre/shared/error-catalog';
import { createLogger } from '@timbre/shared/observability/logger';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { errorHandler } from '../http/error-handler.js';
import { requestContext } from '../http/request-context.js';
import { buildOpenApiDocument } from '../openapi/document.js';
import { documentRoutes } from './documents.js';

const document = buildOpenApiDocument({ serverUrl: 'http://timbre.example:8080', version: '1.2.3' });
const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let server: Server;
let origin: string;
let pageFolder: string;

beforeAll(async () => {
  pageFolder = await mkdtemp(join(tmpdir(), 'timbre-page-'));
  const app = express();
  const log = createLogger({ service: 'gateway', level: 'silent' });
  const metrics = createMetrics('gateway');
  app.use(requestContext(log, metrics), documentRoutes({ document, pageFolder }), errorHandler(log, metrics));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(pageFolder, { recursive: true });
});

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(origin + path, { method, headers });
  const header = (name: string) => response.headers.get(name) ?? '';
  return { status: response.status, header, type: header('content-type'), body: await response.text() };
}

describe('documentRoutes', () => {
  it.each([
    ['/openapi.json', 'application/json; charset=utf-8'],
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/', 'text/html; charset=utf-8'],
    ['/docs/start.js', 'text/javascript; charset=utf-8'],
    ['/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
    ['/docs/swagger-ui.css', 'text/css; charset=utf-8'],
    ['/docs/favicon-32x32.png', 'image/png'],
    ['/problems/queue_full', 'text/plain; charset=utf-8'],
    ['/', 'text/html; charset=utf-8'],
  ])('serves %s as %s, not to be guessed otherwise', async (path, type) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status: 200, type });
    expect(answer.header('x-content-type-options')).toBe('nosniff');
    expect(answer.body.length).toBeGreaterThan(50);
  });

  it('serves the document it was given', async () => {
    expect(JSON.parse((await get('/openapi.json')).body)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it.each(['/docs/package.json', '/docs/index.html', '/docs/..%2fpackage.json', '/docs/%2e%2e%2fREADME.md'])(
    'serves no other file of the package: %s is 404',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(answer.type).toContain('application/problem+json');
    },
  );

  it.each(['/openapi.json', '/docs', '/docs/start.js', '/problems/queue_full', '/'])(
    'answers 405 with the methods it takes to a POST to %s',
    async (path) => {
      const answer = await get(path, {}, 'POST');
      expect(answer.status).toBe(405);
      expect(answer.header('allow')).toBe('GET, HEAD');
    },
  );

  it('answers a HEAD as a GET without a body', async () => {
    expect(await get('/docs', {}, 'HEAD')).toMatchObject({ status: 200, type: 'text/html; charset=utf-8', body: '' });
  });
});

describe('the documentation page', () => {
  it('loads everything from this server and has no script or style inside', async () => {
    const { body, header } = await get('/docs');
    const loaded = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(loaded.length).toBeGreaterThanOrEqual(4);
    for (const address of loaded) expect((await get(String(address))).status).toBe(200);
    expect(body).not.toMatch(/<script>|<style|\son\w+=|style=/);
    expect(header('content-security-policy').split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"]),
    );
  });

  it('finds in the document what its start script changes', () => {
    expect(document.components?.schemas?.['ClipForm']).toMatchObject({
      properties: { file: { type: 'string', format: 'binary' } },
    });
  });
});

describe('pages without script', () => {
  it.each(['/', '/problems/queue_full'])('%s has a policy that allows its own style and nothing else', async (path) => {
    const { body, header } = await get(path, browser);
    const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(header('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script|\son\w+=|style=/);
    expect(body).toContain('prefers-color-scheme: dark');
  });

  it('begins with commands for this server and links to what it has', async () => {
    const { body } = await get('/', browser);
    expect(body).toContain('curl -F file=@take3.wav http://timbre.example:8080/v1/classify');
    expect(body).toContain('Version 1.2.3');
    for (const address of ['/docs', '/openapi.json', '/v1/models', '/healthz', '/readyz', '/v1/limits'])
      expect(body).toContain(`href="${address}"`);
  });
});

describe('the built page', () => {
  const script = `console.log('${'timbre '.repeat(200)}')`;
  const build = async (index: string, builtAt: Date): Promise<void> => {
    await mkdir(join(pageFolder, 'assets'), { recursive: true });
    await writeFile(join(pageFolder, 'assets', 'index-abc.js'), script);
    await writeFile(join(pageFolder, 'index.html'), index);
    await utimes(join(pageFolder, 'index.html'), builtAt, builtAt);
  };
  afterAll(async () => rm(join(pageFolder, 'index.html')));

  it('stands at / once it is built, and again when it is built again', async () => {
    expect((await get('/', browser)).body).toContain('npm run build');
    await build('<!doctype html><title>first</title>', new Date(1_000_000));
    expect((await get('/', browser)).body).toContain('first');
    await build('<!doctype html><title>second</title>', new Date(2_000_000));
    const { body, header, type } = await get('/', browser);
    expect(body).toContain('second');
    expect(type).toBe('text/html; charset=utf-8');
    expect(header('cache-control')).toBe('no-cache');
    const policy = header('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('sends assets compressed, for a year, with their type', async () => {
    await build('<!doctype html>', new Date(3_000_000));
    const asset = await get('/assets/index-abc.js', { 'Accept-Encoding': 'gzip' });
    expect(asset).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8', body: script });
    expect(asset.header('content-encoding')).toBe('gzip');
    expect(asset.header('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await get('/assets/index-abc.js', { 'Accept-Encoding': 'identity' })).header('content-encoding')).toBe('');
  });

  it.each(['/assets/index.html', '/assets/..%2findex.html', '/assets/constructor'])('has no %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe('/problems/:code', () => {
  it('tells a browser meaning and remedy as a page', async () => {
    const { type, body, header } = await get('/problems/auth_missing', browser);
    expect(type).toBe('text/html; charset=utf-8');
    expect(header('vary')).toContain('Accept');
    expect(body).toContain('<h1><code>auth_missing</code></h1>');
    expect(body).toContain(errorCatalog.auth_missing.title);
    expect(body).toContain('<code>Authorization: Bearer &lt;key&gt;</code>');
    expect(body).toContain('HTTP status 401');
  });

  it('tells a terminal the same as text', async () => {
    const { type, body } = await get('/problems/audio_truncated', { Accept: '*/*' });
    expect(type).toBe('text/plain; charset=utf-8');
    expect(body).toContain('audio_truncated: The file ends early.');
    expect(body).toContain('What helps: Send the whole file.');
    expect(body).toContain('One clip; its job ends as `failed`');
  });

  it.each(['nope', 'constructor', '__proto__', '%3Cscript%3E'])('answers 404 to the unknown code %s', async (code) => {
    const { status, type, body } = await get(`/problems/${code}`, browser);
    expect(status).toBe(404);
    expect(type).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code: 'not_found' });
  });
});
