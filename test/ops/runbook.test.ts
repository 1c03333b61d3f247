import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '@timbre/shared/testing/test-system';
import { shippedRules } from './expressions.js';

it('every alert has a section in the runbook, and every section an alert', () => {
  const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const sections = [...page.slice(page.indexOf('## Runbook')).matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(sections.sort()).toEqual(
    shippedRules()
      .flatMap(({ alert }) => alert ?? [])
      .sort(),
  );
});
