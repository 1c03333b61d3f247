import { describe, expect, it } from 'vitest';
import { sniffFormat } from './sniff-format.js';
import { chord } from './testing/signals.js';
import { encodeAll } from './testing/reference-ffmpeg.js';
import { wav16 } from './testing/wav-bytes.js';

const formats = {
  'clip.wav': 'wav',
  'clip.aiff': 'aiff',
  'clip.mp3': 'mp3',
  'clip.flac': 'flac',
  'clip.ogg': 'ogg',
  'clip.opus': 'ogg',
  'clip.m4a': 'mp4',
  'clip.mov': 'mp4',
  'clip.webm': 'matroska',
  'clip.mka': 'matroska',
  'clip.aac': 'adts',
  'clip.w64': 'w64',
  'clip.caf': 'caf',
  'clip.au': 'au',
  'clip.avi': 'avi',
};
type FileName = keyof typeof formats;

const source = wav16(chord({ seconds: 0.3 }));
const outputs = Object.fromEntries(Object.keys(formats).map((name) => [name, []])) as unknown as Record<FileName, []>;
const { 'bare.mp3': mp3, ...files } = encodeAll(source, { ...outputs, 'bare.mp3': ['-id3v2_version', '0'] });
const ascii = (text: string) => Buffer.from(text, 'latin1');

function codeOf(bytes: Uint8Array): unknown {
  try {
    sniffFormat(bytes);
  } catch (error) {
    return (error as { code: unknown }).code;
  }
  return 'recognized';
}

describe('sniffFormat', () => {
  it.each(Object.keys(formats))('knows %s by its content', (name) => {
    expect(sniffFormat(files[name as FileName])).toBe(formats[name as FileName]);
  });

  it('knows an mp3 behind 3000 bytes of garbage and one that begins with an ID3 tag', () => {
    expect(sniffFormat(Buffer.concat([Buffer.alloc(3000, 0x55), mp3]))).toBe('mp3');
    expect(files['clip.mp3'].toString('latin1', 0, 3)).toBe('ID3');
  });

  it('knows a flac behind an ID3 tag', () => {
    const tag = Buffer.concat([ascii('ID3\x03\0\0\0\0\0\x0a'), Buffer.alloc(10)]);
    expect(sniffFormat(Buffer.concat([tag, files['clip.flac']]))).toBe('flac');
  });

  it('calls no bytes audio_empty', () => {
    expect(codeOf(new Uint8Array(0))).toBe('audio_empty');
  });

  it.each([
    ['text', ascii('just some words, for a good while, that are no audio at all')],
    ['HTML', ascii('<!doctype html><title>404</title>')],
    ['PDF', ascii('%PDF-1.7\n')],
    ['PNG', ascii('\x89PNG\r\n\x1a\n')],
    ['JPEG', ascii('\xff\xd8\xff\xe0\0\x10JFIF')],
    ['ZIP', ascii('PK\x03\x04')],
    ['HLS', ascii('#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n')],
    ['ffconcat', ascii("ffconcat version 1.0\nfile '/etc/passwd'\n")],
    ['one byte', ascii('R')],
    ['noise', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3) * 104729) & 0xff))],
  ])('refuses %s as audio_unrecognized_format', (_, bytes) => {
    expect(codeOf(bytes)).toBe('audio_unrecognized_format');
  });

  it('refuses a ZIP archive that stores an mp3', () => {
    expect(codeOf(Buffer.concat([ascii('PK\x03\x04'), Buffer.alloc(40), mp3]))).toBe('audio_unrecognized_format');
  });
});
