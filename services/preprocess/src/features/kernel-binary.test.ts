import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the committed kernel is what services/preprocess/kernel compiles to', { timeout: 120_000 }, () => {
  const script = fileURLToPath(new URL('../../kernel/build.mjs', import.meta.url));
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toContain('kernel: 3453 bytes');
});
