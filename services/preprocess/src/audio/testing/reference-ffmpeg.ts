/** The real ffmpeg, as encoder of fixtures and as second opinion on what they decode to. Tests fail loudly without it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateFfmpeg } from '../ffmpeg/locate-ffmpeg.js';

/** Absolute path; throws with the way to install it. */
export function requireFfmpeg(): string {
  const path = locateFfmpeg();
  if (path) return path;
  throw new Error('These tests need ffmpeg: "apt-get install ffmpeg" or "brew install ffmpeg".');
}

/** Turns `wav` into a file named `name` (its ending chooses the container) with extra output arguments. */
export function encode(wav: Uint8Array, name: string, args: string[] = []): Buffer {
  return encodeAll(wav, { [name]: args })[name] ?? Buffer.alloc(0);
}

/** Many files, each with its own output arguments, from one run of ffmpeg. */
export function encodeAll<Name extends string>(wav: Uint8Array, outputs: Record<Name, string[]>): Record<Name, Buffer> {
  return inFolder((folder) => {
    const entries = Object.entries<string[]>(outputs);
    writeFileSync(join(folder, 'source.wav'), wav);
    run(['-i', join(folder, 'source.wav'), ...entries.flatMap(([name, args]) => [...args, join(folder, name)])]);
    return Object.fromEntries(entries.map(([name]) => [name, readFileSync(join(folder, name))])) as Record<
      Name,
      Buffer
    >;
  });
}

/** Runs ffmpeg with arguments that name no input file of ours, for fixtures with video or several streams. */
export function generate(name: string, args: string[]): Buffer {
  return inFolder((folder) => {
    run([...args, join(folder, name)]);
    return readFileSync(join(folder, name));
  });
}

/** Interleaved samples of the first audio stream at its own rate, as ffmpeg decodes them, by `codec` when given. */
export function decodeByFfmpeg(bytes: Uint8Array, name: string, codec?: string): Float32Array {
  return inFolder((folder) => {
    writeFileSync(join(folder, name), bytes);
    const pcm = run([
      ...(codec ? ['-c:a', codec] : []),
      '-i',
      join(folder, name),
      '-map',
      '0:a:0',
      '-f',
      'f32le',
      'pipe:1',
    ]);
    return new Float32Array(new Uint8Array(pcm).buffer, 0, Math.floor(pcm.length / 4));
  });
}

function run(args: string[]): Buffer {
  const child = spawnSync(requireFfmpeg(), ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: 2 ** 30 });
  if (child.status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${child.stderr.toString()}`);
  return child.stdout;
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'timbre-audio-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
