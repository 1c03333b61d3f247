/**
 * One ffmpeg child for one clip: bytes in by pipe, PCM out by pipe, an empty environment, resource limits, a wall clock, and a
 * certain death when anything goes wrong on our side.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { AppError } from '@timbre/shared/errors';
import type { DecodeSession } from '../decode-session.js';
import { ffmpegArguments, limitedCommand, type FfmpegDemuxer } from './ffmpeg-arguments.js';
import { FfmpegLog } from './ffmpeg-log.js';

export interface FfmpegInput {
  demuxer: FfmpegDemuxer;
  /** Written to stdin one after the other. */
  segments: Uint8Array[];
}

export interface FfmpegExit {
  exitCode: number;
  log: FfmpegLog;
}

/**
 * Resolves when the child has ended by itself. `onOutput` gets stdout as it comes; when it throws, the child is killed and
 * the error thrown on. Throws `audio_decode_timeout`, `decoder_crashed`, or the reason of the session's signal.
 */
export async function runFfmpeg(
  input: FfmpegInput,
  session: DecodeSession & { ffmpegPath: string },
  onOutput: (chunk: Buffer) => void,
): Promise<FfmpegExit> {
  const { clock, limits, signal, ffmpegPath } = session;
  clock.check();
  const child = start(input, ffmpegPath, limits);
  const log = new FfmpegLog();
  let failure: { error: unknown } | null = null;
  const stop = (error: unknown) => {
    failure ??= { error };
    child.kill('SIGKILL');
  };
  const onAbort = () => stop(signal?.reason);
  const deadline = setTimeout(() => stop(clock.timeout()), Math.max(1, clock.remainingMs()));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    child.stdout.on('data', (chunk: Buffer) => {
      if (failure) return;
      try {
        onOutput(chunk);
      } catch (error) {
        stop(error);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
    feed(child.stdin, input.segments);
    const end = await ended(child);
    throwIfFailed(failure);
    return { exitCode: judgeEnd(end, session), log };
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
}

function start(input: FfmpegInput, ffmpegPath: string, limits: DecodeSession['limits']) {
  const args = ffmpegArguments(input.demuxer, limits.maxDurationSeconds + 1);
  const [program, programArgs] = limitedCommand(ffmpegPath, args, {
    maxMemoryBytes: limits.maxChildMemoryBytes,
    maxCpuSeconds: limits.maxChildCpuSeconds,
  });
  return spawn(program, programArgs, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** A child that has seen enough closes its end; that is no failure of ours. */
function feed(stdin: NodeJS.WritableStream, segments: Uint8Array[]): void {
  stdin.on('error', () => undefined);
  for (const segment of segments) stdin.write(segment);
  stdin.end();
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

function ended(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function throwIfFailed(failure: { error: unknown } | null): void {
  if (failure) throw failure.error;
}

function judgeEnd({ code, signal }: End, session: DecodeSession): number {
  if (signal === 'SIGXCPU')
    throw new AppError('audio_decode_timeout', {
      detail: `ffmpeg used more than ${session.limits.maxChildCpuSeconds} s of processor time.`,
      details: { limit: session.limits.maxChildCpuSeconds },
    });
  if (signal) throw new AppError('decoder_crashed', { detail: `ffmpeg was ended by ${signal}.`, details: { signal } });
  return code ?? 0;
}
