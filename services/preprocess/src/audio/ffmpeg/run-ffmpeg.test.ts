import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codeOf, decode, failureOf, limitsWith } from '../testing/expectations.js';
import { encode } from '../testing/reference-ffmpeg.js';
import { chord } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';
import { ffmpegArguments, limitedCommand } from './ffmpeg-arguments.js';
import { FfmpegLog } from './ffmpeg-log.js';
import { locateFfmpeg } from './locate-ffmpeg.js';

const folder = mkdtempSync(join(tmpdir(), 'timbre-ffmpeg-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clip = encode(wav16(chord({ seconds: 0.5 })), 'clip.m4a');

/** A program that stands in for ffmpeg and misbehaves. */
function impostor(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A float WAV header with streamed sizes, as shell printf text. */
const HEADER =
  "printf 'RIFF\\377\\377\\377\\377WAVEfmt \\020\\0\\0\\0\\003\\0\\001\\0\\104\\254\\0\\0\\020\\261\\002\\0\\004\\0\\040\\0data\\377\\377\\377\\377'";

describe('runFfmpeg', () => {
  it('kills a child that hangs at the wall-clock limit', async () => {
    const ffmpegPath = impostor('hang', 'exec sleep 60');
    const started = performance.now();
    expect(await codeOf(clip, { ffmpegPath, limits: limitsWith({ decodeWallMs: 300 }) })).toBe('audio_decode_timeout');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('kills the child when the signal aborts, and throws its reason', async () => {
    // Children may write to no file, but a named pipe is none.
    const pidPipe = join(folder, 'pid');
    execFileSync('mkfifo', [pidPipe]);
    const ffmpegPath = impostor('abort', `echo $$ > ${pidPipe}; ${HEADER}; exec sleep 60`);
    const controller = new AbortController();
    const reason = new Error('canceled');
    const pending = decode(clip, { ffmpegPath, signal: controller.signal });
    const pid = Number(await readFile(pidPipe, 'utf8'));
    expect(pid).toBeGreaterThan(1);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('calls a child that dies by a signal decoder_crashed', async () => {
    const error = await failureOf(clip, { ffmpegPath: impostor('segv', 'kill -SEGV $$') });
    expect(error).toMatchObject({ code: 'decoder_crashed', details: { signal: 'SIGSEGV' } });
  });

  it('ends a child that burns more processor time than it may', { timeout: 20_000 }, async () => {
    const ffmpegPath = impostor('spin', 'while :; do :; done');
    expect(await codeOf(clip, { ffmpegPath, limits: limitsWith({ maxChildCpuSeconds: 1 }) })).toBe(
      'audio_decode_timeout',
    );
  });

  it('kills a child that never stops writing, at the duration limit', async () => {
    const ffmpegPath = impostor('flood', `${HEADER}; exec cat /dev/zero`);
    expect(await codeOf(clip, { ffmpegPath, limits: limitsWith({ maxDurationSeconds: 60 }) })).toBe('audio_too_long');
  });

  it.each([
    ['no output at all', 'cat > /dev/null', 'audio_empty'],
    ['a header and no samples', HEADER, 'audio_empty'],
    ['an error before any output', 'exit 1', 'audio_corrupt'],
    ['something that is not WAV', 'head -c 9000 /dev/zero', 'audio_corrupt'],
    ['a lack of memory', "echo '[error] Cannot allocate memory' >&2; exit 1", 'audio_decode_limit'],
  ])('turns %s into %s', async (name, script, code) => {
    expect(await codeOf(clip, { ffmpegPath: impostor(name.replaceAll(' ', '-'), script) })).toBe(code);
  });

  it('gives the child nothing of our environment and the root folder', async () => {
    const pipe = join(folder, 'environment-report');
    execFileSync('mkfifo', [pipe]);
    process.env['TIMBRE_CANARY'] = 'tell-nobody';
    const outcome = codeOf(clip, { ffmpegPath: impostor('environment', `{ env; pwd; } > ${pipe}; exit 1`) });
    const report = await readFile(pipe, 'utf8');
    expect(await outcome).toBe('audio_corrupt');
    expect(report.split('\n').at(-2)).toBe('/');
    expect(report).not.toMatch(/tell-nobody|HOME=/);
  });

  it('lets the child write not one byte into a file', async () => {
    const path = join(folder, 'written');
    const ffmpegPath = impostor('writer', `echo x > ${path}; exit 1`);
    expect(await codeOf(clip, { ffmpegPath })).toMatch(/^(decoder_crashed|audio_corrupt)$/);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it.runIf(process.platform === 'linux')('runs out of memory instead of taking the server with it', async () => {
    const limits = limitsWith({ maxChildMemoryBytes: 60 * 1024 * 1024 });
    expect(await codeOf(clip, { limits })).toMatch(/^(audio_decode_limit|audio_corrupt|audio_unsupported_codec)$/);
  });
});

describe('ffmpegArguments', () => {
  it('opens no protocol but the pipe and forces the demuxer in front of the input', () => {
    const args = ffmpegArguments('mov', 3601);
    expect(args.slice(args.indexOf('-protocol_whitelist'), args.indexOf('-protocol_whitelist') + 2)).toEqual([
      '-protocol_whitelist',
      'pipe',
    ]);
    expect(args.indexOf('-f')).toBeLessThan(args.indexOf('-i'));
    expect(args[args.indexOf('-i') + 1]).toBe('pipe:0');
  });

  it('hands program and arguments to the shell as data', () => {
    const [program, args] = limitedCommand('/x; rm', ['$(id)'], { maxMemoryBytes: 1024, maxCpuSeconds: 1 });
    expect(program).toBe('/bin/sh');
    expect(args.slice(-2)).toEqual(['/x; rm', '$(id)']);
    expect(args[1]).not.toContain('id');
  });
});

describe('FfmpegLog', () => {
  it('reads version, codec and errors from lines that arrive in pieces', () => {
    const log = new FfmpegLog();
    log.push('[info] ffmpeg version 5.1.9-0+deb12u1 Copyright\n[info]   Stream #0:0[0x1](und): Au');
    log.push('dio: aac (LC), 44100 Hz\n[aac @ 0x55] [error] channel element 1.0\n[error] Error while decoding\n');
    expect(log).toMatchObject({ version: '5.1.9-0+deb12u1', codec: 'aac', lostPackets: 1 });
  });

  it('keeps at most 1000 characters of a line that never ends', () => {
    const log = new FfmpegLog();
    for (let i = 0; i < 100; i++) log.push('x'.repeat(10_000));
    expect(JSON.stringify(log).length).toBeLessThan(2000);
  });
});

describe('locateFfmpeg', () => {
  it('takes the first executable in an absolute folder of the path', () => {
    const path = impostor('ffmpeg', 'exit 0');
    expect(locateFfmpeg(`relative:/nonexistent:${folder}`)).toBe(path);
    expect(locateFfmpeg('relative:/nonexistent')).toBeNull();
  });
});
