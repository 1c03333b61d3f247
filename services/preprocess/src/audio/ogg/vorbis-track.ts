/**
 * Vorbis in Ogg, decoded by libvorbis (WASM). The library's own Ogg parser is passed by: it joins the parts of a packet that
 * spans pages by copying the whole again for each page, which a hostile file turns into hours; it is given ready packets.
 */
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { corrupt } from '../damage.js';
import { checkFormat, type PcmFormat } from '../decode-limits.js';
import { decoderName } from '../decoder-versions.js';
import { crashed, releaseDecoder, runDecoder, startDecoder } from '../wasm-decoder.js';
import type { OggPage } from './ogg-pages.js';
import type { PacketsOfPage } from './ogg-packets.js';
import { GranuleTimeline, type OggTrack, type TrackContext } from './ogg-track.js';

/** The size of the library's input buffer. */
const MAX_PACKET_BYTES = 128 * 1024;
const SETUP_PACKET = 5;

type LibraryPages = Parameters<OggVorbisDecoder['decodeOggPages']>[0];

/** Throws `audio_corrupt` for an identification header that makes no sense. */
export async function openVorbisTrack(header: Uint8Array, context: TrackContext): Promise<OggTrack> {
  if (header.length < 30) throw corrupt('The Vorbis identification header is too short.');
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const format = { channels: view.getUint8(11), sampleRateHz: view.getUint32(12, true) };
  checkFormat(format, context.session.limits);
  return new VorbisTrack(await startDecoder(() => new OggVorbisDecoder()), { header, format, context });
}

class VorbisTrack implements OggTrack {
  lostPackets = 0;
  totalPackets = 0;
  private readonly timeline: GranuleTimeline;
  private headersSeen = 0;
  private setup: Uint8Array | null = null;
  private isStarted = false;

  constructor(
    private readonly decoder: OggVorbisDecoder,
    private readonly stream: { header: Uint8Array; format: PcmFormat; context: TrackContext },
  ) {
    this.timeline = new GranuleTimeline(stream.format, 0, stream.context);
  }

  async add({ packets, missingPages }: PacketsOfPage, page: OggPage): Promise<void> {
    const audio = packets.filter((packet) => !this.takeHeader(packet));
    const { setup } = this;
    if (audio.length === 0) return;
    if (!setup) throw corrupt('The Vorbis stream has no setup header.');
    const fitting = audio.filter((packet) => packet.length > 0 && packet.length <= MAX_PACKET_BYTES);
    this.totalPackets += audio.length;
    // An empty packet is legal and means nothing new.
    this.lostPackets += audio.filter((packet) => packet.length > MAX_PACKET_BYTES).length;
    if (fitting.length === 0) return;
    const frames = fitting.map((data) => ({ data, header: { vorbisSetup: setup } }));
    const data = this.isStarted ? new Uint8Array(0) : this.stream.header;
    this.isStarted = true;
    const decoded = await this.decode({ data, codecFrames: frames, isLastPage: false });
    if (decoded.channelData.length !== this.stream.format.channels)
      throw corrupt('The Vorbis headers make no decoder.');
    this.lostPackets += decoded.errors.length;
    this.timeline.write({ planes: decoded.channelData, frames: decoded.samplesDecoded, page, missingPages });
  }

  end(): Promise<void> {
    this.timeline.end();
    return Promise.resolve();
  }

  facts() {
    return {
      format: 'ogg',
      codec: 'vorbis',
      ...this.stream.format,
      decoder: decoderName('@wasm-audio-decoders/ogg-vorbis'),
    };
  }

  free(): void {
    releaseDecoder(this.decoder);
  }

  /** Identification, comment and setup packets have an odd first byte and come first. */
  private takeHeader(packet: Uint8Array): boolean {
    const kind = packet[0] ?? 0;
    if (this.headersSeen >= 3 || kind % 2 === 0) return false;
    this.headersSeen++;
    if (kind === SETUP_PACKET) {
      if (packet.length > MAX_PACKET_BYTES) throw corrupt('The Vorbis setup header is too large.');
      this.setup = packet;
    }
    return true;
  }

  /** The library reads exactly these fields of a page. */
  private async decode(page: { data: Uint8Array; codecFrames: object[]; isLastPage: boolean }) {
    const { value } = runDecoder(() => this.decoder.decodeOggPages([page] as unknown as LibraryPages));
    try {
      return await value;
    } catch (error) {
      throw crashed(error);
    }
  }
}
