/** The formula in TypeScript against the rule that runs, and what the simulation promises in docs/autoscaling.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '@timbre/shared/testing/test-system';
import {
  assumedRate,
  desiredReplicas,
  drainGoalSeconds,
  minBusySeconds,
  replicaRate,
} from '../../ops/autoscaling/formula.js';
import type { Measured } from '../../ops/autoscaling/model.js';
import { patterns } from '../../ops/autoscaling/patterns.js';
import { byCount, byDrainTime } from '../../ops/autoscaling/scalers.js';
import { simulate } from '../../ops/autoscaling/simulation.js';
import { shippedRules } from './expressions.js';

interface RuleTest {
  name: string;
  input_series: { series: string; values: string }[];
  promql_expr_test: { expr: string; exp_samples: { labels: string; value: number }[] }[];
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { tests } = parse(read('ops/prometheus/tests/scaling.yml')) as { tests: RuleTest[] };
const exprOf = (record: string) => shippedRules().find((rule) => rule.record === record)!.expr;

/** First value of a series in a promtool test, and its step. */
function series(test: RuleTest, metric: string, lane: string) {
  const found = test.input_series.find(
    ({ series: name }) => name.startsWith(`${metric}{stage="preprocess"`) && name.includes(`lane="${lane}"`),
  );
  return Number(/^\d+/.exec(found?.values ?? '0')![0]);
}
const step = (test: RuleTest, metric: string) =>
  test.input_series
    .filter(({ series: name }) => name.startsWith(metric))
    .reduce((sum, { values }) => sum + Number(/^0\+(\d+)/.exec(values)?.[1] ?? 0), 0);

describe('the scaling formula', () => {
  it('has the numbers of the recording rule', () => {
    expect(exprOf('timbre:desired_replicas')).toContain(`{lane="interactive"} / ${drainGoalSeconds.interactive}`);
    expect(exprOf('timbre:desired_replicas')).toContain(`{lane="bulk"} / ${drainGoalSeconds.bulk}`);
    const rate = exprOf('timbre:replica_rate:audio_seconds_per_second');
    expect(rate).toContain(`vector(${assumedRate.preprocess}), "stage", "preprocess"`);
    expect(rate).toContain(`vector(${assumedRate.infer}), "stage", "infer"`);
    expect(rate).toContain(`> ${minBusySeconds})`);
  });

  it('gives what promtool expects of the rule: 2 replicas by the assumed rate, 10 by a measured one, 1 while a source is read', () => {
    const expected = tests.map((test) => {
      const samples = test.promql_expr_test.flatMap(({ expr, exp_samples }) =>
        expr.startsWith('timbre:desired_replicas') ? exp_samples : [],
      );
      return Math.max(...samples.filter(({ labels }) => labels.includes('preprocess')).map(({ value }) => value));
    });
    expect(expected).toEqual([2, 10, 1]);
    const given = tests.map((test) =>
      desiredReplicas('preprocess', {
        backlog: {
          interactive: series(test, 'timbre_backlog_audio_seconds', 'interactive'),
          bulk: series(test, 'timbre_backlog_audio_seconds', 'bulk'),
        },
        hasWork: true,
        finishedAudioSeconds: 60 * step(test, 'timbre_audio_seconds_processed_total'),
        busySeconds: 60 * step(test, 'timbre_stage_busy_seconds_total'),
      }),
    );
    expect(given).toEqual(expected);
  });

  it('wants nothing when there is nothing, and never divides by a rate below 1', () => {
    const idle = { backlog: { interactive: 0, bulk: 0 }, hasWork: false, finishedAudioSeconds: 0, busySeconds: 0 };
    expect(desiredReplicas('infer', idle)).toBe(0);
    expect(replicaRate('infer', { finishedAudioSeconds: 3, busySeconds: 60 })).toBe(1);
  });
});

describe('the simulation', () => {
  const measured = JSON.parse(read('ops/autoscaling/measured.json')) as Measured;
  const outcomes = patterns.map(
    (pattern) => [simulate(pattern, byDrainTime, measured), simulate(pattern, byCount, measured)] as const,
  );

  it('finishes every clip under both scalers', () => {
    for (const [at, pair] of outcomes.entries())
      for (const { latency } of pair)
        expect(latency.interactive.clips + latency.bulk.clips).toBe(patterns[at]?.arrivals.length);
  });

  it('has hours among short clips done 4 times sooner than a scaler that counts tasks', () => {
    const [ours, counted] = outcomes.at(-1)!;
    expect(ours.latency.bulk.max * 4).toBeLessThan(counted.latency.bulk.max);
  });

  it('lets nobody wait longer for the first replica than a scaler that counts tasks', () => {
    for (const [ours, counted] of outcomes)
      expect(ours.latency.interactive.max).toBeLessThanOrEqual(counted.latency.interactive.max);
  });

  it('is what docs/autoscaling.md shows', () => {
    for (const outcome of outcomes.flat())
      expect(read('docs/autoscaling.md')).toMatch(
        new RegExp(
          `\\| ${outcome.pattern} \\| ${outcome.scaler} \\|.*\\| ${outcome.peak} \\| ${outcome.replicaHours.toFixed(2)} \\|`,
        ),
      );
  });
});
