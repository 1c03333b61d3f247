import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCatalog } from '@timbre/shared/error-catalog';
import { gatewaySchema, localSchema, preprocessSchema, workerSchema } from '@timbre/shared/config/schemas';
import { envExample } from './env-example.js';
import { errorReference } from './error-reference.js';
import { referenceFiles } from './reference-files.js';

const root = new URL('../../../../../', import.meta.url);
const schemas = { gatewaySchema, preprocessSchema, workerSchema, localSchema };

describe('reference files', () => {
  it.each(referenceFiles())('$path is what `npm run docs` writes', ({ path, text }) => {
    expect(readFileSync(new URL(path, root), 'utf8')).toBe(text);
  });

  it('are the same text when they are made again', () => {
    expect(referenceFiles()).toEqual(referenceFiles());
  });
});

describe('.env.example', () => {
  const text = envExample();
  const settings = [...text.matchAll(/^#([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => ({ name, value }));

  it('has every variable of every process exactly once', () => {
    const names = new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema.shape)));
    expect(settings.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it('changes nothing as it is: every line is a comment or empty', () => {
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  it.each(Object.entries(schemas))('shows values that mean the same to %s as leaving them out', (_name, schema) => {
    const shown = Object.fromEntries(
      settings
        .filter(({ name, value }) => value !== '' && String(name) in schema.shape)
        .map(({ name, value }) => [name, value]),
    );
    // npm start fills REDIS_URL in itself.
    if (schema === localSchema) delete shown['REDIS_URL'];
    expect(schema.parse(shown)).toEqual(schema.parse({}));
  });

  it('explains every variable', () => {
    const blocks = text.split('\n\n').filter((block) => /^#[A-Z]/m.test(block));
    for (const block of blocks) expect(block).toMatch(/^# \S.{10,}\n/);
    expect(blocks.length).toBe(settings.length);
  });

  it('names each default where processes differ', () => {
    expect(text).toMatch(/Default: 8 in preprocess, 32 in worker\.\n#CONCURRENCY_INTERACTIVE=\n/);
  });
});

describe('docs/errors.md', () => {
  const rows = [
    ...errorReference().matchAll(/^\| `([a-z_]+)` \| (\d+) \| (request|item) \| (yes|no) \| (.+) \| (.+) \|$/gm),
  ];

  it('has one row for each code, with status, level, retryable, meaning and remedy', () => {
    expect(rows.map(([, code]) => code).sort()).toEqual(Object.keys(errorCatalog).sort());
    for (const [, code, status, level, retryable, title, remedy] of rows) {
      const entry = errorCatalog[code as keyof typeof errorCatalog];
      expect({ status: Number(status), level, retryable: retryable === 'yes', title, remedy }).toEqual(entry);
    }
  });
});
