/** Decides how callers prove who they are, and refuses to start in a way that would let anybody in by mistake. */
import type { KeyStore } from '@timbre/shared/auth/api-keys';
import type { GatewayConfig } from '@timbre/shared/config/schemas';
import { isLoopback, type AuthMode } from './http/authenticate.js';

type AuthConfig = Pick<GatewayConfig, 'AUTH' | 'HOST' | 'AUTH_ALLOW_OPEN'>;

/** The mode in force, or the reason why the gateway must not start. */
export function decideAuthMode(
  { AUTH, HOST, AUTH_ALLOW_OPEN }: AuthConfig,
  keyCount: number,
): AuthMode | { refusal: string } {
  const local = isLoopback(HOST);
  const mode = AUTH ?? (local || AUTH_ALLOW_OPEN ? 'none' : 'keys');
  if (mode === 'none' && !local && !AUTH_ALLOW_OPEN)
    return { refusal: `AUTH=none on ${HOST} would let anybody in; set AUTH_ALLOW_OPEN=true if that is meant` };
  if (mode === 'keys' && keyCount === 0)
    return {
      refusal: 'there is no API key yet; make one with `timbre keys create --tenant NAME --scopes submit,read`',
    };
  return mode;
}

/** Prints the refusal and exits with status 1. */
export async function requireSafeAuth(config: AuthConfig, keys: KeyStore): Promise<AuthMode> {
  const count = config.AUTH === 'none' ? 0 : (await keys.list()).length;
  const decided = decideAuthMode(config, count);
  if (typeof decided === 'string') return decided;
  process.stderr.write(`not starting: ${decided.refusal}\n`);
  process.exit(1);
}
