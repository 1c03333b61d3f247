import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createThrottledLog, secretsOfUrl } from './logger.js';

describe('logger', () => {
  it('writes neither a secret value nor the value of a secret key', () => {
    const script = `
      import { createLogger } from '@timbre/shared/observability/logger';
      const log = createLogger({ service: 's', level: 'info', secrets: ['canary-secret'] });
      log.info({ authorization: 'Bearer ak_1_2', nested: { password: 'hunter22' } }, 'url redis://:canary-secret@host');`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stdout).toContain('[redacted]');
    expect(stdout).not.toMatch(/canary-secret|hunter22|ak_1_2/);
  });

  it('lets one line of a kind through per second and counts the rest', () => {
    let clock = 0;
    const lines: [string, number][] = [];
    const report = createThrottledLog(
      (suppressed, key) => lines.push([key, suppressed]),
      1000,
      () => clock,
    );
    for (let index = 0; index < 5; index += 1) report('down');
    clock = 1000;
    report('down');
    expect(lines).toEqual([
      ['down', 0],
      ['down', 4],
    ]);
  });

  it('takes the password out of a URL', () => {
    expect(secretsOfUrl('redis://:p%40ss@h:1')).toEqual(['p%40ss', 'p@ss']);
    expect(secretsOfUrl(undefined)).toEqual([]);
  });
});
