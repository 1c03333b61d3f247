/** MP4, M4A, MOV and 3GP: described here, decoded by ffmpeg. */
import { judgeCompleteness } from '../damage.js';
import { checkDuration } from '../decode-limits.js';
import type { DecodeSession } from '../decode-session.js';
import type { FfmpegClip } from '../ffmpeg/decode-with-ffmpeg.js';
import { layOutMp4 } from './mp4-layout.js';
import { describeSound } from './mp4-sound.js';

/** Throws `audio_no_stream`, `audio_encrypted`, `audio_too_long`, `audio_truncated` or `audio_corrupt` before any child starts. */
export function planMp4(bytes: Uint8Array, session: DecodeSession): FfmpegClip {
  const { moov, segments, declaredBytes, foundBytes } = layOutMp4(bytes);
  const { codec, seconds, hasVideo } = describeSound(moov);
  if (seconds !== null) checkDuration(seconds, session.limits);
  judgeCompleteness({ declared: declaredBytes, found: foundBytes }, session.warnings);
  return { demuxer: 'mov', segments, format: hasVideo ? 'mp4' : 'm4a', codec, seconds };
}
