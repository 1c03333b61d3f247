/** What a decoder is given for one clip, and what it answers besides the PCM it poured into the sink. */
import type { ClipFacts } from '@timbre/shared/contracts/clip';
import type { DecodeWarning } from './damage.js';
import type { DecodeClock } from './decode-clock.js';
import type { DecodeLimits } from './decode-limits.js';
import type { PcmSink } from './pcm-sink.js';

export interface DecodeSession {
  readonly sink: PcmSink;
  readonly clock: DecodeClock;
  readonly limits: DecodeLimits;
  readonly warnings: Set<DecodeWarning>;
  /** Absolute path of the ffmpeg to use, `null` when there is none. */
  readonly ffmpegPath: string | null;
  readonly signal: AbortSignal | undefined;
}

/** Facts of the source; the duration is measured by the sink. */
export type SourceFacts = Omit<ClipFacts, 'durationSeconds'>;

/**
 * Decodes a container it knows into the session's sink. `null`: the container holds a codec that is not decoded in this
 * process, nothing was written, and ffmpeg may try.
 */
export type InProcessDecoder = (bytes: Uint8Array, session: DecodeSession) => Promise<SourceFacts | null>;
