import {
  closeSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogFile, tailLog } from './log-file.js';

describe('log files', () => {
  let path: string;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'timbre-log-'));
    path = join(folder, 'logs', 'worker-1.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps what earlier runs wrote', () => {
    for (const line of ['first\n', 'second\n']) {
      const descriptor = openLogFile(path);
      writeSync(descriptor, line);
      closeSync(descriptor);
    }
    expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
  });

  it('moves a file of more than 64 MiB aside', () => {
    closeSync(openLogFile(path));
    truncateSync(path, 64 * 1024 * 1024 + 1);
    closeSync(openLogFile(path));
    expect(statSync(path).size).toBe(0);
    expect(statSync(`${path}.1`).size).toBe(64 * 1024 * 1024 + 1);
  });

  it('reads the last 2 of 10,000 lines, and nothing where there is no file', () => {
    expect(tailLog(path, 2)).toEqual([]);
    closeSync(openLogFile(path));
    writeFileSync(path, Array.from({ length: 10_000 }, (_, line) => `line ${line}\n\n`).join(''));
    expect(tailLog(path, 2)).toEqual(['line 9998', 'line 9999']);
  });
});
