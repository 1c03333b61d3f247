/** A clip keeps its decision whatever format it comes in: each sample as WAV, MP3, Opus and AAC, encoded by ffmpeg. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { finished, sample, submit } from '../client.js';

/** File ending → what ffmpeg is told. MP4 cannot be written to a pipe unless in fragments. */
const FORMATS: Record<string, string[]> = {
  wav: ['-c:a', 'pcm_s16le', '-f', 'wav'],
  mp3: ['-c:a', 'libmp3lame', '-b:a', '128k', '-f', 'mp3'],
  opus: ['-c:a', 'libopus', '-b:a', '48k', '-f', 'opus'],
  m4a: ['-c:a', 'aac', '-b:a', '128k', '-f', 'ipod', '-movflags', 'frag_keyframe+empty_moov'],
};

let system: TestSystem;
let expected: Record<string, string>;
beforeAll(async () => {
  expected = JSON.parse(await readFile(sample('expected.json'), 'utf8')) as Record<string, string>;
  system = await startSystem();
});
afterAll(() => system.stop());

function encoded(name: string, format: string): Uint8Array {
  const args = ['-v', 'error', '-nostdin', '-i', sample(name), ...(FORMATS[format] ?? []), 'pipe:1'];
  const { error, status, stdout, stderr } = spawnSync('ffmpeg', args, { maxBuffer: 1 << 28 });
  if (error) throw new Error(`This test needs ffmpeg in PATH (apt install ffmpeg): ${error.message}`);
  if (status !== 0) throw new Error(`ffmpeg could not make ${format} of ${name}: ${stderr.toString()}`);
  return stdout;
}

async function decisionOf(name: string, bytes: Uint8Array): Promise<string | null | undefined> {
  const { result } = await finished(system.url, (await submit(system.url, { name, bytes })).id);
  return result?.decision === 'label' ? result.label : result?.decision;
}

it.each(Object.keys(FORMATS))('decides every sample as %s as it decides the sample itself', async (format) => {
  const decisions: Record<string, unknown> = {};
  for (const name of Object.keys(expected))
    decisions[name] = await decisionOf(`${name}.${format}`, encoded(name, format));
  expect(decisions).toEqual(expected);
});
