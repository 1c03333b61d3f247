/** The header that makes mono PCM a WAV file (RIFF, Microsoft 1991; format 1 PCM, 3 IEEE float). */
import type { StreamFormat } from './contracts/stream.js';

export const wavHeaderBytes = 44;

export const sampleBytes: Readonly<Record<StreamFormat, number>> = { pcm16: 2, f32: 4 };

/** A RIFF chunk tells its length in 32 bits. */
export const maxWavDataBytes = 0xffff_ffff - wavHeaderBytes;

/** @param dataBytes whole samples only */
export function wavHeader(format: StreamFormat, sampleRateHz: number, dataBytes: number): Buffer {
  const bytes = sampleBytes[format];
  const header = Buffer.alloc(wavHeaderBytes);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(dataBytes + wavHeaderBytes - 8, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format === 'f32' ? 3 : 1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * bytes, 28);
  header.writeUInt16LE(bytes, 32);
  header.writeUInt16LE(bytes * 8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
