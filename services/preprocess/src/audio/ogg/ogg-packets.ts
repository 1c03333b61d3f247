/** Packets of one logical Ogg stream, put together from its pages. */
import type { OggPage } from './ogg-pages.js';

export interface PacketsOfPage {
  /** Packets that end on this page. */
  packets: Uint8Array[];
  /** Pages missing in front of this one. */
  missingPages: number;
}

/** Larger packets are no audio; only comment packets with pictures come near. They are dropped, not collected. */
const MAX_PACKET_BYTES = 1024 * 1024;

export class PacketAssembler {
  private parts: Uint8Array[] = [];
  private partBytes = 0;
  /** A packet whose beginning is in `parts`, or was dropped when `isDropping`. */
  private isOpen = false;
  private isDropping = false;
  private nextSequence: number | null = null;

  add(page: OggPage): PacketsOfPage {
    const missingPages = this.nextSequence === null ? 0 : Math.max(0, page.sequence - this.nextSequence);
    this.nextSequence = page.sequence + 1;
    if (missingPages > 0 || !page.isContinued) this.reset();
    else if (!this.isOpen) this.isDropping = true;
    if (page.isContinued && missingPages > 0) this.isDropping = true;

    const packets: Uint8Array[] = [];
    let from = 0;
    let to = 0;
    for (const lacing of page.lacing) {
      to += lacing;
      if (lacing === 255) continue;
      this.collect(page.body.subarray(from, to));
      if (!this.isDropping) packets.push(this.joined());
      this.reset();
      from = to;
    }
    if (page.lacing.at(-1) === 255) {
      this.collect(page.body.subarray(from, to));
      this.isOpen = true;
    }
    return { packets, missingPages };
  }

  private collect(part: Uint8Array): void {
    if (this.partBytes + part.length > MAX_PACKET_BYTES) this.isDropping = true;
    if (this.isDropping) {
      this.parts = [];
      return;
    }
    this.parts.push(part);
    this.partBytes += part.length;
  }

  private joined(): Uint8Array {
    const [only] = this.parts;
    return this.parts.length === 1 && only ? only : Buffer.concat(this.parts);
  }

  private reset(): void {
    this.parts = [];
    this.partBytes = 0;
    this.isOpen = false;
    this.isDropping = false;
  }
}
