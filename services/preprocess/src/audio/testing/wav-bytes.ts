/** WAV files byte by byte, so that a test can get any field wrong. */
export interface WavFields {
  formatTag?: number;
  channels?: number;
  rateHz?: number;
  bits?: number;
  blockAlign?: number;
  /** Writes WAVEFORMATEXTENSIBLE with this sub-format. */
  extensible?: { validBits: number; subFormat: number };
  /** Content of the data chunk. */
  data?: Uint8Array;
  /** Declared size of the data chunk. */
  dataSize?: number;
  riffSize?: number;
  riffId?: string;
  /** Whole chunks in front of `fmt `. */
  before?: Uint8Array[];
  /** Whole chunks between `fmt ` and `data`. */
  between?: Uint8Array[];
  /** Whole chunks after `data`. */
  after?: Uint8Array[];
}

/** A chunk with a right size and padding, or with the size given. */
export function chunk(id: string, body: Uint8Array, size = body.length): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 'latin1');
  header.writeUInt32LE(size >>> 0, 4);
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}

export function fmtChunk(fields: WavFields = {}): Buffer {
  const { extensible, formatTag = extensible ? 0xfffe : 1, channels = 1, rateHz = 44_100, bits = 16 } = fields;
  const body = Buffer.alloc(extensible ? 40 : 16);
  body.writeUInt16LE(formatTag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rateHz, 4);
  const blockAlign = fields.blockAlign ?? ((channels * bits) / 8) & 0xffff;
  body.writeUInt32LE((rateHz * blockAlign) >>> 0, 8);
  body.writeUInt16LE(blockAlign, 12);
  body.writeUInt16LE(bits, 14);
  if (extensible) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(extensible.validBits, 18);
    body.writeUInt16LE(extensible.subFormat, 24);
    body.write('000000001000800000aa00389b71', 26, 'hex');
  }
  return chunk('fmt ', body);
}

export function wavBytes(fields: WavFields = {}): Buffer {
  const { data = Buffer.alloc(200), riffId = 'RIFF', before = [], between = [], after = [] } = fields;
  const content = Buffer.concat([
    ...before,
    fmtChunk(fields),
    ...between,
    chunk('data', data, fields.dataSize ?? data.length),
    ...after,
  ]);
  const head = Buffer.from(`${riffId}\0\0\0\0WAVE`, 'latin1');
  head.writeUInt32LE((fields.riffSize ?? content.length + 4) >>> 0, 4);
  return Buffer.concat([head, content]);
}

/** Interleaved floats as a 16-bit WAV. */
export function wav16(samples: Float32Array, { channels = 2, rateHz = 44_100 } = {}): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => data.writeInt16LE(Math.round(sample * 32_767), i * 2));
  return wavBytes({ channels, rateHz, data });
}
