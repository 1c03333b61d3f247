/** Opus in Ogg (RFC 7845), decoded at 48 kHz by libopus (WASM). */
import { OpusDecoder } from 'opus-decoder';
import { AppError } from '@timbre/shared/errors';
import { corrupt } from '../damage.js';
import { checkFormat, type DecodeLimits } from '../decode-limits.js';
import { decoderName } from '../decoder-versions.js';
import { releaseDecoder, runDecoder, startDecoder } from '../wasm-decoder.js';
import type { OggPage } from './ogg-pages.js';
import type { PacketsOfPage } from './ogg-packets.js';
import { GranuleTimeline, type OggTrack, type TrackContext } from './ogg-track.js';

const RATE_HZ = 48_000;

interface OpusHead {
  channels: number;
  preSkip: number;
  /** Factor of the output gain field. */
  gain: number;
  streamCount: number;
  coupledStreamCount: number;
  channelMappingTable: number[];
}

/** Throws `audio_unsupported_codec` for mapping families with a matrix, `audio_corrupt` for a header that makes no sense. */
export async function openOpusTrack(header: Uint8Array, context: TrackContext): Promise<OggTrack> {
  const head = parseOpusHead(header, context.session.limits);
  const { channels, streamCount, coupledStreamCount, channelMappingTable } = head;
  const layout = { channels, streamCount, coupledStreamCount, channelMappingTable };
  return new OpusTrack(await startDecoder(() => new OpusDecoder(layout)), head, context);
}

function parseOpusHead(packet: Uint8Array, limits: DecodeLimits): OpusHead {
  if (packet.length < 19) throw corrupt('The OpusHead packet is too short.');
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const channels = view.getUint8(9);
  checkFormat({ sampleRateHz: RATE_HZ, channels }, limits);
  const family = view.getUint8(18);
  const common = { channels, preSkip: view.getUint16(10, true), gain: 10 ** (view.getInt16(16, true) / 256 / 20) };
  if (family === 0) {
    if (channels > 2) throw corrupt('The OpusHead packet needs a channel mapping.');
    const channelMappingTable = channels === 2 ? [0, 1] : [0];
    return { ...common, streamCount: 1, coupledStreamCount: channels - 1, channelMappingTable };
  }
  if (family === 3)
    throw new AppError('audio_unsupported_codec', { detail: 'Opus ambisonics with a matrix are not decoded.' });
  const channelMappingTable = [...packet.subarray(21, 21 + channels)];
  const [streamCount = 0, coupledStreamCount = 0] = packet.subarray(19, 21);
  const decoded = streamCount + coupledStreamCount;
  const isSound = channelMappingTable.every((index) => index === 255 || index < decoded);
  if (streamCount === 0 || coupledStreamCount > streamCount || channelMappingTable.length < channels || !isSound)
    throw corrupt('The channel mapping of the OpusHead packet contradicts itself.');
  return { ...common, streamCount, coupledStreamCount, channelMappingTable };
}

class OpusTrack implements OggTrack {
  lostPackets = 0;
  totalPackets = 0;
  private readonly timeline: GranuleTimeline;
  private sawAudio = false;
  /** The size of the library's input buffer: 256 kbit/s per channel at 120 ms. */
  private readonly maxPacketBytes: number;

  constructor(
    private readonly decoder: OpusDecoder,
    private readonly head: OpusHead,
    context: TrackContext,
  ) {
    this.timeline = new GranuleTimeline({ sampleRateHz: RATE_HZ, channels: head.channels }, head.preSkip, context);
    this.maxPacketBytes = 3840 * head.channels;
  }

  add({ packets, missingPages }: PacketsOfPage, page: OggPage): Promise<void> {
    const audio = packets.filter((packet) => !this.isHeader(packet));
    const fitting = audio.filter((packet) => packet.length <= this.maxPacketBytes);
    this.totalPackets += audio.length;
    this.lostPackets += audio.length - fitting.length;
    const { value, reports } = runDecoder(() => this.decoder.decodeFrames(fitting));
    this.lostPackets += reports;
    const { channelData: planes, samplesDecoded: frames } = value;
    this.timeline.write({ planes, frames, page, missingPages, gain: this.head.gain });
    return Promise.resolve();
  }

  /** "OpusHead" and "OpusTags" come before all audio. */
  private isHeader(packet: Uint8Array): boolean {
    const mark = Buffer.from(packet.subarray(0, 8)).toString('latin1');
    const isHeader = !this.sawAudio && (mark === 'OpusHead' || mark === 'OpusTags');
    this.sawAudio ||= !isHeader;
    return isHeader;
  }

  end(): Promise<void> {
    this.timeline.end();
    return Promise.resolve();
  }

  facts() {
    const decoder = decoderName('opus-decoder');
    return { format: 'ogg', codec: 'opus', sampleRateHz: RATE_HZ, channels: this.head.channels, decoder };
  }

  free(): void {
    releaseDecoder(this.decoder);
  }
}
