/**
 * Wraps the rules of ops/prometheus/rules into k8s/base/prometheus-rule.yaml. Usage: node k8s/write-prometheus-rule.mjs; a
 * test compares what lies there.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const rules = new URL('../ops/prometheus/rules/', import.meta.url);
const target = new URL('base/prometheus-rule.yaml', import.meta.url);

export function prometheusRule() {
  const groups = readdirSync(rules)
    .sort()
    .flatMap((file) => readFileSync(new URL(file, rules), 'utf8').split('\n'))
    .filter((line) => line !== '' && line !== 'groups:' && !line.startsWith('#'));
  return [
    '# Written by k8s/write-prometheus-rule.mjs from ops/prometheus/rules.',
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata: { name: timbre }',
    'spec:',
    '  groups:',
    ...groups.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, prometheusRule());
