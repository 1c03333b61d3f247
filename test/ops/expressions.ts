/** Every PromQL expression of the shipped rules and dashboards, and what is wrong with one, given the metrics that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@timbre/shared/testing/test-system';
import { parse } from 'yaml';

export interface Expression {
  /** File, and alert, record or panel. */
  where: string;
  expr: string;
}

export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
}

interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

const ruleFolder = join(root, 'ops/prometheus/rules');
const dashboardFolder = join(root, 'ops/grafana/dashboards');

export function shippedRules(): (Rule & { file: string })[] {
  return readdirSync(ruleFolder).flatMap((file) =>
    (parse(readFileSync(join(ruleFolder, file), 'utf8')) as RuleFile).groups.flatMap(({ rules }) =>
      rules.map((rule) => ({ ...rule, file })),
    ),
  );
}

export function shippedExpressions(): Expression[] {
  const rules = shippedRules().map(({ file, alert, record, expr }) => ({
    where: `${file}: ${alert ?? record ?? '?'}`,
    expr,
  }));
  const panels = readdirSync(dashboardFolder).flatMap((file) =>
    (JSON.parse(readFileSync(join(dashboardFolder, file), 'utf8')) as Dashboard).panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr })),
    ),
  );
  return [...rules, ...panels];
}

/** Metric name → label names seen on it; the names of a histogram's parts are there too. */
export type KnownMetrics = ReadonlyMap<string, ReadonlySet<string>>;

/** Labels Prometheus itself adds when it scrapes. */
const scrapeLabels = ['instance', 'job'];

/** What a process says at `/metrics`, and with it what its metrics are called and labelled. */
export function readExposition(text: string, known = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const labelsOf = (name: string) => {
    const labels = known.get(name) ?? new Set<string>(scrapeLabels);
    known.set(name, labels);
    return labels;
  };
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) labelsOf(`${name}${part}`);
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{([^}]*)\}/gm))
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) labelsOf(name).add(label);
  return known;
}

/** Metrics an expression names that are not there, and labels in its selectors that such a metric does not have. */
export function problemsOf({ where, expr }: Expression, known: KnownMetrics, records: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const [, name = '', selector = ''] of expr.matchAll(/\b(timbre[_:][\w:]+)(?:\{([^}]*)\})?/g)) {
    if (name.startsWith('timbre:')) {
      if (!records.has(name)) problems.push(`${where}: no rule records ${name}`);
      continue;
    }
    const labels = known.get(name);
    if (!labels) problems.push(`${where}: there is no metric ${name}`);
    // Before its first sample only `service` is known of a metric.
    else if (labels.size > scrapeLabels.length + 1)
      for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        if (!labels.has(label)) problems.push(`${where}: ${name} has no label ${label}`);
  }
  return problems;
}
