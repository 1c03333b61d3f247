/** FLAC in Ogg: one frame per packet. */
import { corrupt } from '../damage.js';
import { decoderName } from '../decoder-versions.js';
import { FlacPourer } from '../flac/decode-flac.js';
import { FlacFrameDecoder, isDecodableDepth } from '../flac/flac-frame-decoder.js';
import { parseFrameHeader, parseStreamInfo, STREAM_INFO_BYTES, type StreamInfo } from '../flac/flac-header.js';
import type { PacketsOfPage } from './ogg-packets.js';
import type { OggTrack, TrackContext } from './ogg-track.js';

/** 0x7f "FLAC", version, number of headers, "fLaC", block header. */
const STREAM_INFO_OFFSET = 17;

/** `null` when the sample width is not decoded in process. */
export function openFlacTrack(header: Uint8Array, context: TrackContext): OggTrack | null {
  const streamInfo = header.subarray(STREAM_INFO_OFFSET, STREAM_INFO_OFFSET + STREAM_INFO_BYTES);
  if (streamInfo.length < STREAM_INFO_BYTES) throw corrupt('The FLAC header packet is too short.');
  const info = parseStreamInfo(streamInfo);
  context.session.sink.begin(info, info.totalFrames);
  if (!isDecodableDepth(info.bitsPerSample)) return null;
  return new FlacTrack(new FlacPourer(new FlacFrameDecoder(streamInfo), { session: context.session, info }), info);
}

class FlacTrack implements OggTrack {
  /** The pourer judges its own losses. */
  readonly lostPackets = 0;
  totalPackets = 0;

  constructor(
    private readonly pourer: FlacPourer,
    private readonly info: StreamInfo,
  ) {}

  async add({ packets }: PacketsOfPage): Promise<void> {
    for (const data of packets) {
      const isMetadata = data[0] !== 0xff;
      if (isMetadata) continue;
      this.totalPackets++;
      const header = parseFrameHeader(data, 0);
      if (header) await this.pourer.add({ data, blockSize: header.blockSize, position: null });
      else this.pourer.lose(1);
    }
  }

  end(): Promise<void> {
    return this.pourer.end();
  }

  facts() {
    const { sampleRateHz, channels } = this.info;
    const decoder = decoderName('@wasm-audio-decoders/flac');
    return { format: 'ogg', codec: 'flac', sampleRateHz, channels, decoder };
  }

  free(): void {
    this.pourer.free();
  }
}
