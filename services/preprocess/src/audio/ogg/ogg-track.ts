/** What one logical audio stream inside an Ogg file can do, and how its granule positions become a timeline. */
import { judgeCompleteness } from '../damage.js';
import type { DecodeSession, SourceFacts } from '../decode-session.js';
import type { PcmFormat } from '../decode-limits.js';
import type { OggPage } from './ogg-pages.js';
import type { PacketsOfPage } from './ogg-packets.js';

export interface OggTrack {
  /** Takes the packets that end on `page`, headers included. */
  add(packets: PacketsOfPage, page: OggPage): Promise<void>;
  /** Packets the codec refused. */
  readonly lostPackets: number;
  readonly totalPackets: number;
  /** Decodes what is left and judges the stream as a whole. */
  end(): Promise<void>;
  facts(): SourceFacts;
  free(): void;
}

export interface TrackContext {
  session: DecodeSession;
  /** Granule of the stream's last page, `null` when it was not found. */
  lastGranule: number | null;
}

/** PCM that ends on one page. */
export interface PagePcm {
  planes: Float32Array[];
  frames: number;
  page: OggPage;
  missingPages: number;
  gain?: number;
}

/**
 * Cuts decoded pages to what their granules say: the encoder's delay at the start, the padding on the last page, silence where
 * pages are missing. Streams cut out of a broadcast begin at any granule.
 */
export class GranuleTimeline {
  private start: number | null = null;
  private skip: number;
  /** Frames of the timeline so far, the skipped ones included. */
  private position = 0;
  private written = 0;

  constructor(
    private readonly format: PcmFormat,
    private readonly preSkip: number,
    private readonly context: TrackContext,
  ) {
    this.skip = preSkip;
  }

  /** Throws what the sink throws. */
  write({ planes, frames, page, missingPages, gain }: PagePcm): void {
    if (frames === 0) return;
    if (this.start === null) this.open(page.granule ?? frames, { frames, isLast: page.isLast });
    else if (missingPages > 0 && page.granule !== null) this.fillGap(page.granule - frames, missingPages);
    this.position += frames;
    const dropped = Math.min(this.skip, frames);
    this.skip -= dropped;
    let kept = frames - dropped;
    if (page.isLast && page.granule !== null) kept = Math.min(kept, this.lengthAt(page.granule) - this.written);
    if (kept <= 0) return;
    this.context.session.sink.write(
      planes.map((plane) => plane.subarray(dropped)),
      kept,
      gain,
    );
    this.written += kept;
  }

  end(): void {
    const { lastGranule, session } = this.context;
    if (lastGranule === null || this.start === null) return;
    judgeCompleteness({ declared: this.lengthAt(lastGranule), found: this.written }, session.warnings);
  }

  private open(granule: number, page: { frames: number; isLast: boolean }): void {
    const before = granule - page.frames;
    // Fewer samples than were decoded: a late start, unless this page is also the end, which is then cut.
    if (before < 0 && !page.isLast) this.skip = Math.max(this.skip, -before);
    this.start = Math.max(0, before);
    const { lastGranule, session } = this.context;
    session.sink.begin(this.format, lastGranule === null ? null : Math.max(0, this.lengthAt(lastGranule)));
  }

  private fillGap(granuleBefore: number, missingPages: number): void {
    const missing = granuleBefore - (this.start ?? 0) - this.position;
    // A page holds about a second; a granule that claims more is not believed.
    const silence = Math.min(missing, missingPages * this.format.sampleRateHz);
    if (silence <= 0) return;
    this.context.session.sink.writeSilence(silence);
    this.position += silence;
    this.written += silence;
  }

  private lengthAt(granule: number): number {
    return granule - (this.start ?? 0) - this.preSkip;
  }
}
