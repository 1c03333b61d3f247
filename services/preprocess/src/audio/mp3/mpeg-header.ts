/** The four bytes in front of every MPEG audio frame (ISO/IEC 11172-3, 13818-3 and the 2.5 extension). */
export interface MpegHeader {
  version: 1 | 2 | 2.5;
  layer: 1 | 2 | 3;
  sampleRateHz: number;
  channels: 1 | 2;
  hasCrc: boolean;
  /** Header included. */
  frameBytes: number;
  samplesPerFrame: number;
}

const KBPS: Record<'v1' | 'v2', Record<1 | 2 | 3, readonly number[]>> = {
  v1: {
    1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  v2: {
    1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
};
const RATES_HZ = [44_100, 48_000, 32_000] as const;

/** `null` when no frame with a known size starts at `offset`; the free format has no known size. */
export function parseMpegHeader(bytes: Uint8Array, offset: number): MpegHeader | null {
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const fourth = bytes[offset + 3];
  if (fourth === undefined || bytes[offset] !== 0xff || (second & 0xe0) !== 0xe0) return null;
  const version = ([2.5, null, 2, 1] as const)[(second >> 3) & 3] ?? null;
  const layer = ([null, 3, 2, 1] as const)[(second >> 1) & 3] ?? null;
  const baseRateHz = RATES_HZ[(third >> 2) & 3];
  if (version === null || layer === null || baseRateHz === undefined) return null;
  const kbps = KBPS[version === 1 ? 'v1' : 'v2'][layer][(third >> 4) - 1];
  if (kbps === undefined) return null;
  const sampleRateHz = baseRateHz / { 1: 1, 2: 2, 2.5: 4 }[version];
  const samplesPerFrame = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152;
  const slotBytes = layer === 1 ? 4 : 1;
  const padding = (third >> 1) & 1;
  const slots = Math.floor((samplesPerFrame * kbps * 125) / (sampleRateHz * slotBytes)) + padding;
  return {
    version,
    layer,
    sampleRateHz,
    channels: fourth >> 6 === 3 ? 1 : 2,
    hasCrc: (second & 1) === 0,
    frameBytes: slots * slotBytes,
    samplesPerFrame,
  };
}

/** Whether two frames can stand in one stream. */
export function isSameStream(a: MpegHeader, b: MpegHeader): boolean {
  return a.version === b.version && a.layer === b.layer && a.sampleRateHz === b.sampleRateHz;
}
