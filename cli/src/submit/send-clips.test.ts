import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TimbreApiError, type ClipCalls } from '@timbre/client';
import { sendClips, type SendOptions } from './send-clips.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-send-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, name, bytes: text.length };
};

/** Keeps what it is given, like the service. */
function createStore(stored: Iterable<string> = []) {
  const contents = new Set(stored);
  const puts: string[] = [];
  const clips: ClipCalls = {
    missing: async (hashes) => hashes.filter((hash) => !contents.has(hash)),
    async put(hash, content) {
      const text = await content.text();
      puts.push(text);
      if (sha256(text) !== hash) throw new TimbreApiError(422, '{"code":"checksum_mismatch","detail":"other bytes"}');
      contents.add(hash);
      return { sha256: hash, bytes: text.length };
    },
  };
  return { clips, puts, contents };
}
const options = (clips: ClipCalls, changes: Partial<SendOptions> = {}): SendOptions => ({
  clips,
  parallel: 2,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...changes,
});

describe('sendClips', () => {
  it('sends 2 of 4 files: one is there, one is equal to another; all 4 keep their place', async () => {
    const { clips, puts } = createStore([sha256('bb')]);
    const files = [file('1.wav', 'a'), file('2.wav', 'bb'), file('3.wav', 'a'), file('4.wav', 'cccc')];
    const report = await sendClips(files, options(clips));
    expect(puts.sort()).toEqual(['a', 'cccc']);
    expect(report.clips.map(({ file: { name }, sha256: hash }) => [name, hash])).toEqual(
      [
        ['1.wav', 'a'],
        ['2.wav', 'bb'],
        ['3.wav', 'a'],
        ['4.wav', 'cccc'],
      ].map(([name, text]) => [name, sha256(text!)]),
    );
    expect(report.progress).toMatchObject({ sent: { clips: 2, bytes: 5 }, skipped: { clips: 2, bytes: 3 } });
  });

  it('asks about 1,200 files in 3 groups and about a content that comes again only once', async () => {
    const { clips } = createStore();
    const asked: number[] = [];
    const files = Array.from({ length: 1200 }, (_, index) => file(`${index}.wav`, String(index % 700)));
    const counting = { ...clips, missing: (hashes: string[]) => (asked.push(hashes.length), clips.missing(hashes)) };
    const { progress } = await sendClips(files, options(counting, { parallel: 8 }));
    expect(asked).toEqual([500, 200]);
    expect(progress).toMatchObject({ hashed: 1200, sent: { clips: 700 }, skipped: { clips: 500 } });
  });

  it('leaves out a file that is gone and one that is refused, with those equal to it, and sends the rest', async () => {
    const { clips } = createStore();
    const choosy: ClipCalls = {
      ...clips,
      put: async (hash, content) => {
        if (content.size > 3) throw new TimbreApiError(413, '{"code":"payload_too_large","detail":"too big"}');
        return clips.put(hash, content);
      },
    };
    const gone = { path: join(folder, 'gone.wav'), name: 'gone.wav', bytes: 1 };
    const report = await sendClips(
      [gone, file('1.wav', 'large'), file('2.wav', 'ok'), file('3.wav', 'large')],
      options(choosy),
    );
    expect(report.clips.map(({ file: { name } }) => name)).toEqual(['2.wav']);
    expect(report.leftOut.map(({ path, code }) => `${path} ${code}`).sort()).toEqual([
      '1.wav payload_too_large',
      '3.wav payload_too_large',
      'gone.wav file_unreadable',
    ]);
  });

  it('hashes a file again that was changed since', async () => {
    const { clips, contents } = createStore();
    const changing = file('1.wav', 'before');
    const report = await sendClips(
      [changing],
      options({
        ...clips,
        missing: async (hashes) => {
          writeFileSync(changing.path, 'after all');
          return clips.missing(hashes);
        },
      }),
    );
    expect(report.clips[0]).toMatchObject({ sha256: sha256('after all'), file: { bytes: 9 } });
    expect([...contents]).toEqual([sha256('after all')]);
  });

  it('sends a content from another file that has it when the first has changed', async () => {
    const { clips, contents } = createStore();
    const changing = file('1.wav', 'twice');
    const report = await sendClips(
      [changing, file('2.wav', 'twice')],
      options({
        ...clips,
        missing: async (hashes) => {
          writeFileSync(changing.path, 'once only');
          return clips.missing(hashes);
        },
      }),
    );
    expect(report.clips.map(({ sha256: hash }) => hash)).toEqual([sha256('once only'), sha256('twice')]);
    expect([...contents].sort()).toEqual([sha256('once only'), sha256('twice')].sort());
  });

  it('ends at a key that is refused, which every file would meet', async () => {
    const { clips } = createStore();
    const locked = { ...clips, put: () => Promise.reject(new TimbreApiError(403, '{"code":"forbidden"}')) };
    await expect(sendClips([file('1.wav', 'a')], options(locked))).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('keeps what was stored before an abort: the next run sends only the rest', async () => {
    const { clips, puts, contents } = createStore();
    const files = Array.from({ length: 10 }, (_, index) => file(`${index}.wav`, `clip ${index}`));
    const controller = new AbortController();
    const stopping: ClipCalls = {
      ...clips,
      put: async (hash, content) => {
        const answer = await clips.put(hash, content);
        if (contents.size === 4) controller.abort(new Error('stop requested'));
        return answer;
      },
    };
    await expect(sendClips(files, options(stopping, { parallel: 1, signal: controller.signal }))).rejects.toThrow(
      'stop requested',
    );
    expect(contents.size).toBe(4);
    const again = await sendClips(files, options(clips));
    expect(again.progress).toMatchObject({ sent: { clips: 6 }, skipped: { clips: 4 } });
    expect(puts).toHaveLength(10);
  });
});
