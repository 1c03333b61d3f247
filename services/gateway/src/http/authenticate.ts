/**
 * Who is asking. `keys`: an API key decides tenant and scopes. `none`: one tenant, all scopes, and only for programs on this
 * machine: a page of another origin, or a name that merely resolves to this machine, is refused (DNS rebinding), and so is
 * what a proxy on this machine passes on for somebody who is elsewhere.
 */
import { isIPv4 } from 'node:net';
import type { Request, RequestHandler } from 'express';
import { streamKeyPrefix } from '@timbre/shared/contracts/stream';
import type { KeyStore, Principal } from '@timbre/shared/auth/api-keys';
import { AppError } from '@timbre/shared/errors';
import { contextOf, requirePrincipal } from './request-context.js';

export type AuthMode = 'keys' | 'none';
export type Scope = Principal['scopes'][number];

const localPrincipal: Principal = { keyId: 'local', tenant: 'local', scopes: ['submit', 'read', 'admin'] };

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

export interface AuthOptions {
  mode: AuthMode;
  keys: KeyStore;
  /** Host names the gateway is known by; only checked in mode `none`. `null`: any. */
  hosts: readonly string[] | null;
}

/**
 * The key a request presents: `Authorization: Bearer`, `X-API-Key`, Basic with the key as password, or among the
 * subprotocols of a WebSocket, where browsers have no other place for it.
 */
export function presentedKey(header: (name: string) => string | undefined): string | undefined {
  const direct = header('x-api-key');
  if (direct) return direct;
  const [scheme, value] = (header('authorization') ?? '').split(' ', 2);
  if (!value) return keyAmong(header('sec-websocket-protocol'));
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':') || undefined;
}

function keyAmong(protocols: string | undefined): string | undefined {
  const offered = (protocols ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith(streamKeyPrefix))?.slice(streamKeyPrefix.length) || undefined;
}

export function authenticate({ mode, keys, hosts }: AuthOptions): RequestHandler {
  return async (request, _response, next) => {
    if (mode === 'none') {
      checkLocal(request, hosts);
      contextOf(request).principal = localPrincipal;
    } else {
      const key = presentedKey((name) => request.get(name));
      if (key === undefined) throw new AppError('auth_missing');
      contextOf(request).principal = await keys.authenticate(key);
    }
    next();
  };
}

export function requireScope(scope: Scope): RequestHandler {
  return (request, _response, next) => {
    const { scopes } = requirePrincipal(request);
    if (!scopes.includes(scope) && !scopes.includes('admin')) throw new AppError('forbidden', { details: { scope } });
    next();
  };
}

/** Headers that proxies add, and programs that call directly have no reason to send. */
const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** @throws AppError `forbidden` for what may come from elsewhere, while no keys are in force; `null`: anybody may ask */
export function checkLocal(request: Request, hosts: readonly string[] | null): void {
  if (hosts === null) return;
  if (proxyHeaders.some((name) => request.get(name) !== undefined))
    throw new AppError('forbidden', {
      detail: 'this came through a proxy, and no keys are in force: make keys and start the gateway with AUTH=keys',
    });
  const known = (host: string) => isLoopback(host) || hosts.includes(host);
  const hostname = (request.get('host') ?? '').replace(/:\d+$/, '');
  if (!known(hostname)) throw new AppError('forbidden', { detail: 'without keys only local names are answered' });
  const origin = request.get('origin');
  if (origin !== undefined && !(URL.canParse(origin) && known(new URL(origin).hostname)))
    throw new AppError('forbidden', { detail: 'without keys pages of other origins are refused' });
}
