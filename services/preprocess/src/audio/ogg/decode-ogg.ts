/**
 * Ogg: the first audio stream of each link of a chain, decoded in process when it is Vorbis, Opus or FLAC. Other streams
 * (video, skeleton) are passed over.
 */
import { AppError } from '@timbre/shared/errors';
import { corrupt, judgeDamage } from '../damage.js';
import type { DecodeSession, InProcessDecoder, SourceFacts } from '../decode-session.js';
import { openFlacTrack } from './flac-track.js';
import { PacketAssembler } from './ogg-packets.js';
import { readPages, readTail, type OggPage, type TailPage } from './ogg-pages.js';
import type { OggTrack, TrackContext } from './ogg-track.js';
import { openOpusTrack } from './opus-track.js';
import { openVorbisTrack } from './vorbis-track.js';

export const decodeOgg: InProcessDecoder = async (bytes, session) => {
  const demuxer = new OggDemuxer(bytes, session);
  try {
    return await demuxer.run();
  } finally {
    demuxer.free();
  }
};

/** So many pages from the end are searched for the last one of a stream. */
const TAIL_PAGES = 64;

const MAX_DAMAGE_AT_ONCE = 200;

interface Link {
  serial: number;
  track: OggTrack;
  assembler: PacketAssembler;
  hasEnded: boolean;
  /** Pages after the first one: a new beginning after them is a new link, before them a parallel stream. */
  hasData: boolean;
}

class OggDemuxer {
  private link: Link | null = null;
  private facts: SourceFacts | null = null;
  private pages = 0;
  private damagedStretches = 0;
  private missingPages = 0;
  private packets = { lost: 0, total: 0 };
  private sawOtherStream = false;
  private needsFfmpeg = false;
  private readonly tail: TailPage[];

  constructor(
    private readonly bytes: Uint8Array,
    private readonly session: DecodeSession,
  ) {
    this.tail = readTail(bytes, TAIL_PAGES);
  }

  /** Facts of the first link; `null` when its codec is ffmpeg's. */
  async run(): Promise<SourceFacts | null> {
    const { warnings, clock } = this.session;
    for (const piece of readPages(this.bytes)) {
      if (piece.kind === 'page') await this.addPage(piece.page);
      else if (piece.kind === 'cut') warnings.add('truncated');
      else this.countDamage();
      if (this.needsFfmpeg) return null;
      await clock.breathe();
    }
    await this.endLink();
    this.judge();
    return this.facts;
  }

  free(): void {
    this.link?.track.free();
    this.link = null;
  }

  private async addPage(page: OggPage): Promise<void> {
    if (page.isFirst && (!this.link || this.link.hasData || this.link.hasEnded)) await this.openLink(page);
    const { link } = this;
    if (link?.serial !== page.serial || link.hasEnded) return;
    this.pages++;
    link.hasData ||= !page.isFirst;
    const packets = link.assembler.add(page);
    this.missingPages += packets.missingPages;
    await link.track.add(packets, page);
    link.hasEnded ||= page.isLast;
  }

  private async openLink(page: OggPage): Promise<void> {
    await this.endLink();
    const lastGranule = this.tail.find(({ serial }) => serial === page.serial)?.granule ?? null;
    const opened = await openTrack(page.body, { session: this.session, lastGranule });
    if (opened === 'other') {
      this.sawOtherStream = true;
      return;
    }
    if (opened === 'ffmpeg') {
      if (this.facts)
        throw new AppError('audio_unsupported_codec', { detail: 'A later part of the Ogg file has another codec.' });
      this.needsFfmpeg = true;
      return;
    }
    this.facts ??= opened.facts();
    this.link = {
      serial: page.serial,
      track: opened,
      assembler: new PacketAssembler(),
      hasEnded: false,
      hasData: false,
    };
  }

  private async endLink(): Promise<void> {
    if (!this.link) return;
    const { track, hasEnded } = this.link;
    await track.end();
    this.packets.lost += track.lostPackets;
    this.packets.total += track.totalPackets;
    if (!hasEnded) this.session.warnings.add('truncated');
    this.free();
  }

  /** Gives up early on a file that is mostly no Ogg, where every mark has to be tried. */
  private countDamage(): void {
    this.damagedStretches++;
    if (this.damagedStretches > MAX_DAMAGE_AT_ONCE + this.pages) throw corrupt('Most of the file is damaged.');
  }

  private judge(): void {
    const { warnings } = this.session;
    // A damaged page is also missing from the sequence; damage in a stream we pass over is not.
    const lost = Math.max(this.damagedStretches, this.missingPages);
    judgeDamage({ lost, total: this.pages + lost }, warnings);
    judgeDamage(this.packets, warnings);
    if (this.facts) return;
    throw this.sawOtherStream ? new AppError('audio_no_stream') : corrupt('The Ogg file has no beginning of a stream.');
  }
}

/** Codecs in Ogg that ffmpeg decodes. */
const FFMPEG_HEADS = ['Speex   ', 'PCM     ', 'CELT    '];

async function openTrack(head: Uint8Array, context: TrackContext): Promise<OggTrack | 'ffmpeg' | 'other'> {
  const mark = Buffer.from(head.subarray(0, 8)).toString('latin1');
  if (mark === 'OpusHead') return openOpusTrack(head, context);
  if (mark.startsWith('\x01vorbis')) return openVorbisTrack(head, context);
  if (mark.startsWith('\x7fFLAC')) return openFlacTrack(head, context) ?? 'ffmpeg';
  return FFMPEG_HEADS.includes(mark) ? 'ffmpeg' : 'other';
}
