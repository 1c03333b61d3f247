import { describe, expect, it } from 'vitest';
import { runChecks } from './check.js';
import { checkNode, judgeSpace, machineChecks } from './machine-checks.js';
import { judgeClock, judgeReadiness, judgeVersion } from './system-checks.js';

describe('checkNode', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['24.1.0', 'ok'],
    ['20.18.3', 'fail'],
    ['18.20.0', 'fail'],
  ])('judges %s as %s', (version, state) => expect(checkNode(version).state).toBe(state));
});

describe('judgeSpace', () => {
  it.each([
    [4e8, 'fail'],
    [4e9, 'warn'],
    [6e9, 'ok'],
  ])('judges %d free bytes as %s', (bytes, state) => expect(judgeSpace(bytes, '/data').state).toBe(state));
});

describe('judgeClock', () => {
  const here = Date.UTC(2026, 10, 22);
  it('takes up to 5 s for agreement, more for a wrong clock, whichever is ahead', () => {
    expect(judgeClock(here - 5000, here).state).toBe('ok');
    expect(judgeClock(here - 6000, here)).toMatchObject({ state: 'warn', detail: "5.5 s apart from the system's" });
    expect(judgeClock(here + 60_000, here).state).toBe('warn');
    expect(judgeClock(undefined, here).state).toBe('warn');
  });
});

describe('judgeReadiness', () => {
  it('gives each check that is not ok as a failure of its own, with what to do', () => {
    const checks = { redis: 'ok', objectStore: 'ENOSPC', models: 'no model is installed' };
    expect(judgeReadiness({ ready: false, checks, dateMs: 0 })).toMatchObject([
      { state: 'fail', detail: 'objectStore: ENOSPC', remedy: expect.stringContaining('DATA_DIR') },
      { state: 'fail', detail: 'models: no model is installed' },
    ]);
  });
});

it('warns of another version', () => {
  expect(judgeVersion('0.2.0', '0.1.0')).toMatchObject({ state: 'warn' });
  expect(judgeVersion('0.1.0', '0.1.0')).toMatchObject({ state: 'ok' });
});

describe('the checks of a machine without programs', () => {
  it('warn of a missing ffmpeg and redis-server, and need none where REDIS_URL names one', async () => {
    const machine = { nodeVersion: '24.0.0', searchPath: '/nonexistent', redisServer: undefined, dataDir: '/tmp/a/b' };
    const states = async (hasRedisUrl: boolean) =>
      Object.fromEntries(
        (await runChecks(machineChecks({ ...machine, hasRedisUrl }), () => undefined)).map(({ name, state }) => [
          name,
          state,
        ]),
      );
    expect(await states(false)).toMatchObject({ node: 'ok', ffmpeg: 'warn', 'redis-server': 'warn' });
    expect(await states(true)).toMatchObject({ 'redis-server': 'ok' });
  });
});

it('makes a failure of a check that throws, and goes on to the next', async () => {
  const findings = await runChecks(
    [
      { name: 'one', run: () => Promise.reject(new Error('boom')) },
      { name: 'two', run: async () => [{ state: 'ok', detail: 'fine' }] },
    ],
    () => undefined,
  );
  expect(findings.map(({ name, state, detail }) => `${name} ${state} ${detail}`)).toEqual([
    'one fail boom',
    'two ok fine',
  ]);
});
