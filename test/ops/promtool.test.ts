/** `promtool` over the shipped rules; where it is not, the tests show as skipped. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '@timbre/shared/testing/test-system';
import { shippedRules } from './expressions.js';

const promtool = join(root, '.cache/bin/promtool');
const folder = join(root, 'ops/prometheus');
const filesIn = (place: string) => readdirSync(join(folder, place)).map((file) => join(folder, place, file));
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};

// `node scripts/fetch-promtool.mjs` provides it.
describe.skipIf(!existsSync(promtool))('promtool', () => {
  it('accepts every rule file', () => {
    expect(run('check', 'rules', ...filesIn('rules'))).toMatchObject({ status: 0 });
  });

  it('accepts the configuration of compose', () => {
    expect(run('check', 'config', join(folder, 'prometheus.yml'))).toMatchObject({ status: 0 });
  });

  it.each(filesIn('tests'))('passes %s', (file) => {
    expect(run('test', 'rules', file)).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
  });
});

describe('alert tests', () => {
  it('name every alert that ships', () => {
    const tested = readFileSync(join(folder, 'tests/alerts.yml'), 'utf8');
    const alerts = shippedRules().flatMap(({ alert }) => alert ?? []);
    expect(alerts.length).toBeGreaterThan(12);
    expect(alerts.filter((alert) => !tested.includes(`alertname: ${alert}\n`))).toEqual([]);
  });
});
