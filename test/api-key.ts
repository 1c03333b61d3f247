/** Makes API keys as an operator does: with the command. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '@timbre/shared/testing/test-system';

export function createApiKey(objectStoreUrl: string, tenant: string, scopes = 'submit,read'): string {
  const args = ['keys', 'create', '--tenant', tenant, '--scopes', scopes, '--json'];
  const out = execFileSync(process.execPath, [join(root, 'cli/dist/main.js'), ...args], {
    env: { ...process.env, OBJECT_STORE_URL: objectStoreUrl },
    encoding: 'utf8',
  });
  return (JSON.parse(out) as { presented: string }).presented;
}
