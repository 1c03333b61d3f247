import { describe, expect, it } from 'vitest';
import { codeOf, decode, failureOf, limitsWith, RATE_HZ } from '../testing/expectations.js';
import { decodeByFfmpeg, encodeAll, generate } from '../testing/reference-ffmpeg.js';
import { bestLag, chord, mixDown, signalToNoiseDb } from '../testing/signals.js';
import { wav16 } from '../testing/wav-bytes.js';
import { layOutMp4 } from './mp4-layout.js';

const samples = chord({ seconds: 3 });
const files = encodeAll(wav16(samples), {
  'end.m4a': [],
  'front.m4a': ['-movflags', '+faststart'],
  'fragmented.mp4': ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000'],
  'alac.m4a': ['-c:a', 'alac'],
  'opus.mp4': ['-c:a', 'libopus'],
  'flac.mp4': ['-c:a', 'flac', '-strict', '-2'],
  'pcm.mov': ['-c:a', 'pcm_s16be'],
});
const end = files['end.m4a'];

/** A copy with the first occurrence of a four-letter code replaced. */
function renamed(bytes: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(from, 0, 'latin1'), 'latin1');
  return copy;
}

describe('planMp4', () => {
  it.each([
    ['end.m4a', 'm4a', 'aac'],
    ['front.m4a', 'm4a', 'aac'],
    ['fragmented.mp4', 'm4a', 'aac'],
    ['alac.m4a', 'm4a', 'alac'],
    ['opus.mp4', 'm4a', 'opus'],
    ['flac.mp4', 'm4a', 'flac'],
    ['pcm.mov', 'm4a', 'pcm_s16be'],
  ] as const)('decodes %s by pipe to what ffmpeg gives from the file', async (name, format, codec) => {
    const rate = codec === 'opus' ? 48_000 : RATE_HZ;
    const { pcm, facts, warnings } = await decode(files[name], { targetRateHz: rate });
    const reference = mixDown(decodeByFfmpeg(files[name], name), 2);
    expect(signalToNoiseDb(reference, pcm)).toBeGreaterThan(120);
    expect(pcm).toHaveLength(reference.length);
    expect(facts).toMatchObject({ format, codec, channels: 2, sampleRateHz: rate });
    expect(facts.decoder).toMatch(/^ffmpeg \d/);
    expect(warnings).toEqual([]);
  });

  it('lies within a sample of what was encoded', async () => {
    const { pcm } = await decode(end);
    expect(Math.abs(bestLag(mixDown(samples, 2), pcm, 50))).toBeLessThanOrEqual(1);
  });

  it('moves an index behind the samples to the front and shifts its offsets, byte for byte as faststart does', () => {
    const { segments } = layOutMp4(end);
    expect(segments.length).toBeGreaterThan(1);
    const moved = Buffer.concat(segments);
    expect(moved).toHaveLength(end.length);
    const offsets = (file: Buffer) =>
      file
        .subarray(file.indexOf('stco', 0, 'latin1'))
        .subarray(0, 24)
        .toString('hex');
    const front = files['front.m4a'];
    const difference = moved.indexOf('mdat', 0, 'latin1') - front.indexOf('mdat', 0, 'latin1');
    expect(difference).toBe(0);
    expect(offsets(moved)).toBe(offsets(front));
  });

  it('leaves a file whose index is in front as it is', () => {
    expect(layOutMp4(files['front.m4a']).segments).toHaveLength(1);
  });

  it('takes the sound of a video and calls it mp4', async () => {
    const video = generate('clip.mp4', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc=s=64x64:d=1',
        '-f',
        'lavfi',
        '-i',
        'sine=440:d=1',
        '-c:v',
        'mpeg4',
        '-c:a',
        'aac',
      ],
    ]);
    const { facts, warnings } = await decode(video);
    expect(facts).toMatchObject({ format: 'mp4', codec: 'aac', channels: 1 });
    expect(warnings).toEqual([]);
  });

  it('refuses video without sound as audio_no_stream', async () => {
    const args = ['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=0.2', '-c:v', 'mpeg4'];
    expect(await codeOf(generate('clip.mp4', args))).toBe('audio_no_stream');
  });

  it('refuses an encrypted sample entry', async () => {
    expect(await codeOf(renamed(end, 'mp4a', 'enca'))).toBe('audio_encrypted');
    expect(await codeOf(renamed(end, 'mp4a', 'drms'))).toBe('audio_encrypted');
  });

  it('refuses half a file, wherever its index is', async () => {
    expect(await codeOf(end.subarray(0, end.length / 2))).toBe('audio_truncated');
    expect(await failureOf(files['front.m4a'].subarray(0, end.length / 2))).toMatchObject({ code: 'audio_truncated' });
  });

  it('warns of a file that lacks its last 2 %', async () => {
    const front = files['front.m4a'];
    const { warnings } = await decode(front.subarray(0, Math.floor(front.length * 0.98)));
    expect(warnings).toContain('truncated');
  });

  it('refuses a declared duration over the limit before any child starts', async () => {
    const limits = limitsWith({ maxDurationSeconds: 2 });
    expect(await codeOf(end, { limits, ffmpegPath: '/nonexistent/ffmpeg' })).toBe('audio_too_long');
  });

  it.each([
    ['a box smaller than its header', Buffer.from('\0\0\0\x14ftypM4A \0\0\0\0M4A \0\0\0\x04moov', 'latin1')],
    ['two moov boxes', Buffer.concat([end, end])],
  ])('refuses %s as corrupt', async (_, bytes) => {
    expect(await codeOf(bytes)).toBe('audio_corrupt');
  });

  it('survives a sample count of 2^32', async () => {
    const copy = Buffer.from(end);
    copy.fill(0xff, copy.indexOf('stsz', 0, 'latin1') + 12, copy.indexOf('stsz', 0, 'latin1') + 16);
    expect(await codeOf(copy)).toMatch(/^audio_/);
  });

  it('reads no other file through a data reference', async () => {
    const copy = Buffer.from(end);
    const url = copy.indexOf('url ', 0, 'latin1');
    copy[url + 7] = 0;
    const outcome = await decode(copy).then(
      ({ facts }) => facts.codec,
      (error: unknown) => (error as { code: string }).code,
    );
    expect(outcome).toMatch(/^(aac|audio_\w+)$/);
  });

  it('says that ffmpeg on the server would decode it when there is none', async () => {
    const error = await failureOf(end, { ffmpegPath: null });
    expect(error.code).toBe('audio_unsupported_codec');
    expect(error.message).toContain('ffmpeg on the server would decode it');
    expect(await codeOf(end, { ffmpegPath: '/nonexistent/ffmpeg' })).toBe('audio_unsupported_codec');
  });
});
