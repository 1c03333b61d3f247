import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestEntrySchema } from '@timbre/shared/contracts/batch';
import { manifestLines, readNotes } from './manifest.js';

const sha256 = 'a'.repeat(64);
const clip = (name: string) => ({ file: { path: `/x/${name}`, name, bytes: 5 }, sha256 });
const entries = (lines: string[]) => lines.map((line) => manifestEntrySchema.parse(JSON.parse(line)));

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-manifest-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('manifestLines', () => {
  it('names content, path and size, one line each', () => {
    const lines = manifestLines([clip('a.wav'), clip('ü\n.wav')], { expectedFromFolders: false, notes: new Map() });
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
    expect(entries(lines)).toEqual([
      { sha256, path: 'a.wav', bytes: 5 },
      { sha256, path: 'ü\n.wav', bytes: 5 },
    ]);
  });

  it('expects the label of the nearest folder, nothing at the top, and what the notes say before both', () => {
    const notes = new Map([['set/piano/b.wav', { id: 'no 7', expected: 'violin' }]]);
    const lines = manifestLines(['set/piano/a.wav', 'set/piano/b.wav', 'c.wav'].map(clip), {
      expectedFromFolders: true,
      notes,
    });
    expect(entries(lines).map(({ id, expected }) => [id, expected])).toEqual([
      [undefined, 'piano'],
      ['no 7', 'violin'],
      [undefined, undefined],
    ]);
  });

  it('keeps the last 1,024 characters of a longer path', () => {
    const [entry] = entries(
      manifestLines([clip(`${'d/'.repeat(900)}end.wav`)], { expectedFromFolders: false, notes: new Map() }),
    );
    expect(entry?.path).toHaveLength(1024);
    expect(entry?.path).toMatch(/d\/end\.wav$/);
  });
});

describe('readNotes', () => {
  it('reads ids and labels by path', async () => {
    writeFileSync(join(folder, 'ids.csv'), 'path,id,expected\n./a/1.wav,x-1,\n"b,2.wav",x-2,piano\n');
    expect([...(await readNotes('ids.csv', folder))]).toEqual([
      ['a/1.wav', { id: 'x-1' }],
      ['b,2.wav', { id: 'x-2', expected: 'piano' }],
    ]);
  });

  it('refuses a csv without a column of ids', async () => {
    writeFileSync(join(folder, 'ids.csv'), 'path,name\na,b\n');
    await expect(readNotes('ids.csv', folder)).rejects.toThrow('needs a column path and a column id');
  });
});
