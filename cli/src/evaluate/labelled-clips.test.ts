import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLabelledClips } from './labelled-clips.js';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'timbre-labelled-'))));
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}
const find = (split?: string) => findLabelledClips(root, { split });
const labels = async (split?: string) => (await find(split)).clips.map(({ name, label }) => `${name}=${label}`);

describe('findLabelledClips', () => {
  it('takes the first folder as label, however deep the clip lies, and counts clips that have none', async () => {
    write({
      'violin/a.wav': 'x',
      'violin/2024/b.mp3': 'x',
      'mute/c.flac': 'x',
      'loose.wav': 'x',
      'violin/notes.txt': 'x',
    });
    expect(await labels()).toEqual(['mute/c.flac=mute', 'violin/2024/b.mp3=violin', 'violin/a.wav=violin']);
    expect(await find()).toMatchObject({ unlabelled: 1, source: 'names of folders' });
  });

  it('looks past split folders for the label, and keeps to one split when asked', async () => {
    write({ 'train/violin/a.wav': 'x', 'test/piano/b.wav': 'x' });
    expect(await labels()).toEqual(['test/piano/b.wav=piano', 'train/violin/a.wav=violin']);
    expect(await labels('test')).toEqual(['test/piano/b.wav=piano']);
  });

  it('believes metadata.csv over folders, with its column split', async () => {
    write({
      'metadata.csv': 'file_name,label,split\n"x/a, b.wav",violin,heldout\nx/c.wav,piano,train\n',
      'x/a, b.wav': 'x',
      'x/c.wav': 'x',
      'x/d.wav': 'x',
    });
    expect(await labels()).toEqual(['x/a, b.wav=violin', 'x/c.wav=piano']);
    expect(await labels('heldout')).toEqual(['x/a, b.wav=violin']);
    expect(await find()).toMatchObject({ unlabelled: 1, source: 'metadata.csv' });
  });

  it('reads metadata.csv in split folders, as audiofolder sets have them', async () => {
    write({
      'train/metadata.csv': 'file_name,label\nviolin/a.flac,violin\n',
      'train/violin/a.flac': 'x',
      'test/metadata.csv': 'file_name,label\nb.flac,drums\n',
      'test/b.flac': 'x',
    });
    expect(await labels()).toEqual(['test/b.flac=drums', 'train/violin/a.flac=violin']);
    expect(await labels('train')).toEqual(['train/violin/a.flac=violin']);
  });

  it('finds the files of Metadata_Test.csv, which names no folders, where they lie', async () => {
    write({
      'Metadata_Train.csv': 'FileName,Class\na.wav,Sound_Guitar\n',
      'Metadata_Test.csv': 'FileName,Class\nb.wav,Sound_Piano\n',
      'notes.csv': 'who,what\nme,that\n',
      'Train_submission/Train_submission/a.wav': 'x',
      'Test_submission/Test_submission/b.wav': 'x',
    });
    expect(await labels('test')).toEqual(['Test_submission/Test_submission/b.wav=Sound_Piano']);
    expect(await labels()).toHaveLength(2);
  });

  it('keeps a clip that a list names and that is not there, so that it fails by name', async () => {
    write({ 'metadata.csv': 'file_name,label\ngone.wav,violin\n' });
    expect(await labels()).toEqual(['gone.wav=violin']);
  });

  it('takes a csv named outright', async () => {
    write({ 'lists/one.csv': 'path,instrument\n../a.wav,piano\n', 'a.wav': 'x' });
    const found = await findLabelledClips(join(root, 'lists', 'one.csv'), { split: undefined });
    expect(found.clips).toEqual([{ path: join(root, 'a.wav'), name: '../a.wav', label: 'piano', split: undefined }]);
  });

  it('says what is wrong with a folder of clips without labels, an absent split, a csv without labels', async () => {
    write({ 'a.wav': 'x' });
    await expect(find()).rejects.toThrow(/1 audio files, but none with a label/);
    write({ 'violin/b.wav': 'x' });
    await expect(find('test')).rejects.toThrow(/no clips of split "test" in .*; there are: none/);
    write({ 'metadata.csv': 'file_name,mood\na.wav,sad\n' });
    await expect(find()).rejects.toThrow(/needs a column/);
    await expect(findLabelledClips(join(root, 'gone'), { split: undefined })).rejects.toThrow(/^cannot read .*gone/);
  });
});
