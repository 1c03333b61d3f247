import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSigningSecret } from './signing-secret.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-secret-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('ensureSigningSecret', () => {
  it('makes 43 characters once, keeps them for the next start, and leaves one file that only its owner reads', () => {
    const dataDir = join(folder, 'data');
    const secret = ensureSigningSecret(dataDir);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(ensureSigningSecret(dataDir)).toBe(secret);
    expect(readdirSync(dataDir)).toEqual(['url-signing-secret']);
    expect(statSync(join(dataDir, 'url-signing-secret')).mode & 0o777).toBe(0o600);
  });

  it('is not misled by what a start left behind that died before it was done', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'url-signing-secret.0f8fad5b'), '');
    const secret = ensureSigningSecret(folder);
    expect(secret).toHaveLength(43);
    expect(ensureSigningSecret(folder)).toBe(secret);
  });

  it('refuses to sign with an empty secret, and names the file', () => {
    writeFileSync(join(folder, 'url-signing-secret'), '');
    expect(() => ensureSigningSecret(folder)).toThrow(/url-signing-secret holds no whole secret: delete it/);
  });
});
