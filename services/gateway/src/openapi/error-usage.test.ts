/** Holds the error catalog and the source to each other: no code without a use, no use without a row. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { errorCatalog } from '@timbre/shared/error-catalog';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folders = ['shared/src', 'services/gateway/src', 'services/preprocess/src', 'services/worker/src', 'cli/src'];
/** Places that list codes without giving them. */
const listing = ['shared/src/error-catalog.ts', 'services/gateway/src/openapi/'];
const codes = Object.keys(errorCatalog);

const sources = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/testing/'))
  .filter((path) => !listing.some((place) => path.startsWith(place)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** Every string literal of the source: a code that is merely talked about in a comment does not count as used. */
const literals = new Set(
  sources.flatMap(({ path, text }) => literalsOf(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023))),
);

function literalsOf(node: ts.Node): string[] {
  const inner: string[] = ts.isStringLiteralLike(node) ? [node.text] : [];
  ts.forEachChild(node, (child) => void inner.push(...literalsOf(child)));
  return inner;
}

/** Every code that a pattern captures, with the file it stands in. */
function captured(pattern: RegExp): string[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].flatMap((match) =>
      [...String(match[1]).matchAll(/['`]([a-z_]+)['`]/g)].map(([, code]) => `${code} in ${path}`),
    ),
  );
}

const unknown = (found: readonly string[]) => found.filter((entry) => !codes.includes(String(entry.split(' ')[0])));

describe('the error catalog and the source', () => {
  it.each(codes)('%s is given or handled somewhere', (code) => {
    expect(literals.has(code)).toBe(true);
  });

  it('gives no code that the catalog does not have', () => {
    const given = captured(/\b(?:AppError|rawProblem)\((?:\d+, |status, )?\s*('[a-z_]+')/g);
    expect(given.length).toBeGreaterThan(60);
    expect(unknown(given)).toEqual([]);
  });

  it('promises no code in a comment that the catalog does not have', () => {
    const promised = captured(/@throws AppError:?\s+((?:`[a-z_]+`(?:, |; | and | or |,\s+\*\s+)?)+)/g);
    expect(promised.length).toBeGreaterThan(20);
    expect(unknown(promised)).toEqual([]);
  });

  it('looks for no code that the catalog does not have', () => {
    const lookedFor = captured(/\.code [!=]== ('[a-z]+(?:_[a-z]+)+')/g);
    expect(lookedFor.length).toBeGreaterThan(5);
    expect(unknown(lookedFor)).toEqual([]);
  });
});
