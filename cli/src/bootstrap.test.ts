/** Tests of `scripts/bootstrap/`: each step runs as the plain Node program it is, with stand-ins for apt-get and brew. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const bootstrap = new URL('../../scripts/bootstrap/', import.meta.url);

/** Evaluates an expression over the exports of one bootstrap module in a new process. */
function evaluate(module: string, expression: string, environment: Record<string, string> = {}) {
  const program = `import * as it from ${JSON.stringify(new URL(module, bootstrap).href)};
    try { console.log(JSON.stringify(${expression}) ?? 'undefined'); } catch (error) { console.log('threw ' + error.message); }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: environment,
    encoding: 'utf8',
  });
  return { answer: stdout.trim(), said: stderr };
}

describe('bootstrap', () => {
  let folder: string;
  let bin: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'timbre-bootstrap-'));
    bin = join(folder, 'bin');
    mkdirSync(bin);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(name: string, script: string): string {
    const path = join(bin, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }
  const provideRedis = (environment: Record<string, string> = {}) =>
    evaluate('system-programs.mjs', 'it.provideRedis()', { PATH: bin, ...environment });
  const provideFfmpeg = (required: boolean, environment: Record<string, string> = {}) =>
    evaluate('system-programs.mjs', `it.provideFfmpeg({ required: ${required} })`, { PATH: bin, ...environment });

  /** An apt-get that knows `known` after `update`, and a sudo that asks for nothing (both write down their calls). */
  function aptMachine(known: string): () => string[] {
    const log = join(folder, 'calls');
    symlinkSync('/usr/bin/env', join(bin, 'env'));
    program('sudo', `shift; exec "$@"`);
    program(
      'apt-get',
      `echo "$*" >> ${log}
       case "$1" in
         update) : > ${folder}/updated;;
         install) [ -e ${folder}/updated ] && [ "$6" = ${known} ] && printf '#!/bin/sh\\n' > ${bin}/${known} && /bin/chmod +x ${bin}/${known};;
       esac`,
    );
    return () => readFileSync(log, 'utf8').trim().split('\n');
  }

  it('uses valkey-server where there is no redis-server, and says nothing', () => {
    program('valkey-server', '');
    expect(provideRedis()).toEqual({ answer: 'undefined', said: '' });
  });

  it('needs no server program where REDIS_URL is set', () => {
    expect(provideRedis({ REDIS_URL: 'redis://127.0.0.1:1' })).toEqual({ answer: 'undefined', said: '' });
  });

  it('refuses a REDIS_SERVER that cannot be run', () => {
    program('redis-server', '');
    expect(provideRedis({ REDIS_SERVER: '/nowhere/redis' }).answer).toBe(
      'threw REDIS_SERVER names /nowhere/redis, which is no program that can be run.',
    );
  });

  it('reads the package lists once when apt-get does not know redis-server, and says how to avoid it', () => {
    const calls = aptMachine('redis-server');
    const { answer, said } = provideRedis();
    expect(answer).toBe('undefined');
    expect(calls().map((call) => call.replace(/ .* /, ' … '))).toEqual([
      'install … redis-server',
      'update',
      'install … redis-server',
    ]);
    expect(said).toMatch(/Installing a Redis server .* with apt-get\. Avoid: TIMBRE_NO_INSTALL=1/);
  });

  it('installs valkey-server where the system has dropped redis-server', () => {
    aptMachine('valkey-server');
    expect(provideRedis().answer).toBe('undefined');
  });

  it('installs nothing with TIMBRE_NO_INSTALL=1 and says how to get a Redis', () => {
    program('apt-get', `echo called >> ${folder}/calls`);
    program('brew', `echo called >> ${folder}/calls`);
    const { answer } = provideRedis({ TIMBRE_NO_INSTALL: '1' });
    expect(answer).toMatch(/^threw No redis-server or valkey-server found\. Install one .*REDIS_URL/s);
    expect(() => readFileSync(join(folder, 'calls'))).toThrow('ENOENT');
  });

  it('goes on without ffmpeg for the demo, naming the formats that will fail, but not for the tests', () => {
    expect(provideFfmpeg(false)).toMatchObject({
      answer: 'undefined',
      said: expect.stringContaining('m4a/AAC and webm clips will fail') as string,
    });
    expect(provideFfmpeg(true).answer).toMatch(/^threw The tests need ffmpeg/);
    expect(provideFfmpeg(true, { FFMPEG_PATH: program('my-ffmpeg', '') }).answer).toBe('undefined');
  });

  describe('countTests', () => {
    const count = (report: object | undefined, green: boolean) => {
      const path = join(folder, 'report.json');
      if (report) writeFileSync(path, JSON.stringify(report));
      const { answer } = evaluate('vitest-report.mjs', `it.countTests(${JSON.stringify(path)}, ${green})`);
      return JSON.parse(answer) as object;
    };
    const totals = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] };
    const failed = { status: 'failed', assertionResults: [{ status: 'failed' }] };
    const broken = { status: 'failed', assertionResults: [] };

    it('counts a test file that could not be loaded as 1 failure, besides failed tests', () => {
      expect(count({ ...totals, testResults: [failed, broken] }, false)).toEqual({ passed: 5, failed: 2, skipped: 3 });
    });

    it('counts 1 failure when vitest failed while every test passed', () => {
      expect(count({ ...totals, numFailedTests: 0 }, false)).toMatchObject({ passed: 5, failed: 1 });
      expect(count({ ...totals, numFailedTests: 0 }, true)).toMatchObject({ passed: 5, failed: 0 });
    });

    it('counts 1 failure when vitest left no report', () => {
      expect(count(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    });
  });

  describe('checkDocs', () => {
    const check = (text: string) => {
      writeFileSync(join(folder, 'package.json'), '{"scripts":{"demo":"","test":""}}');
      writeFileSync(join(folder, 'README.md'), text);
      return evaluate('check-docs.mjs', `it.checkDocs(${JSON.stringify(folder)}, (line) => console.error(line))`);
    };

    it('finds links that lead nowhere and scripts that do not exist, with file and line', () => {
      const { answer, said } = check('[a](package.json)\n[b](gone.md#x)\n`npm run dmeo`\n');
      expect(answer).toBe('false');
      expect(said).toBe(
        'README.md:2: link to gone.md#x, which is not there\nREADME.md:3: no such script: npm run dmeo\n',
      );
    });

    it('accepts web addresses, anchors, files that exist and real scripts', () => {
      const text = '[a](https://example.org/x) [b](#top) [c](package.json) `npm test` `npm run demo -- --once`\n';
      expect(check(text)).toEqual({ answer: 'true', said: '' });
    });
  });

  it('names its five modes when called with another', () => {
    const { answer, said } = evaluate('modes.mjs', "await it.runMode('toString', [])", { PATH: [bin].join(delimiter) });
    expect(answer).toBe('2');
    expect(said).toContain('demo|start|bench|page|test');
  });
});
