/** Rules and dashboards against what the running system really says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, startSystem, type Service, type TestSystem } from '@timbre/shared/testing/test-system';
import { tarOf } from '../archive.js';
import { endedBatch, submitBatch } from '../batch-client.js';
import { clipForm, finished, post, sample, submit } from '../client.js';
import { problemsOf, readExposition, shippedExpressions, shippedRules } from './expressions.js';

const services: Service[] = ['gateway', 'preprocess', 'worker'];
const records = new Set(shippedRules().flatMap(({ record }) => record ?? []));
const expressions = shippedExpressions();
let system: TestSystem;
let scrape = '';

beforeAll(async () => {
  system = await startSystem();
  const { status } = await post(`${system.url}/v1/classify`, await clipForm(sample('violin-01.wav')));
  expect(status).toBe(200);
  await finished(system.url, (await submit(system.url, { name: 'text.wav', bytes: Buffer.from('no sound') })).id);
  const batch = await submitBatch(system.url, await tarOf(12, { spoilEvery: 6 }));
  await endedBatch(system.url, batch.id);
  const texts = services.flatMap((service) =>
    system.processes(service).map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()),
  );
  scrape = (await Promise.all(texts)).join('\n');
});
afterAll(() => system.stop());

describe('shipped expressions', () => {
  it('are more than 60, in rules and dashboards', () => {
    expect(expressions.length).toBeGreaterThan(60);
  });

  it('name only metrics and labels that the running system has, after a clip, a failure and a batch of 12', () => {
    const known = readExposition(scrape);
    expect(expressions.flatMap((expression) => problemsOf(expression, known, records))).toEqual([]);
  });

  it('are found out when a metric, a label or a record is renamed', () => {
    const names = [...new Set(expressions.flatMap(({ expr }) => expr.match(/\btimbre_\w+/g) ?? []))];
    for (const name of names) {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const renamed = readExposition(
        scrape
          .replaceAll(new RegExp(`\\b${base}\\b`, 'g'), `${base}_x`)
          .replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `${name}_x`),
      );
      expect(expressions.flatMap((expression) => problemsOf(expression, renamed, records)).join(), name).toContain(
        `no metric ${name}`,
      );
    }
    const label = readExposition(scrape.replaceAll('lane="', 'track="'));
    expect(expressions.flatMap((expression) => problemsOf(expression, label, records)).join()).toContain(
      'has no label lane',
    );
    expect(
      expressions.flatMap((expression) => problemsOf(expression, readExposition(scrape), new Set())).join(),
    ).toContain('no rule records timbre:desired_replicas');
  });

  it('alert on codes that exist', () => {
    const catalog = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    const codes = expressions.flatMap(({ expr }) =>
      [...expr.matchAll(/code=~"([^"]+)"/g)].flatMap(([, list = '']) => list.split('|')),
    );
    expect(codes.filter((code) => !new RegExp(`\`${code.replace('.*', '\\w+')}\``).test(catalog))).toEqual([]);
  });
});
