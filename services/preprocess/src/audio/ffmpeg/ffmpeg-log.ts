/**
 * What ffmpeg writes to stderr, reduced to the few facts that decide: its version, the codec, how often it complained and
 * about what. The text itself holds the uploader's metadata and is never passed on.
 */
const MAX_LINE_CHARS = 1000;

export class FfmpegLog {
  version: string | null = null;
  codec: string | null = null;
  /** The input ended inside a packet. */
  isCut = false;
  isOutOfMemory = false;
  hasNoAudio = false;
  hasNoDecoder = false;
  private rest = '';
  private failedPackets = 0;
  private complaints = 0;

  /** Packets that were not decoded or not even found; the last one of a file that is cut is not counted. */
  get lostPackets(): number {
    return Math.max(0, Math.max(this.failedPackets, this.complaints) - (this.isCut ? 1 : 0));
  }

  /** Takes the next piece of stderr. */
  push(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    for (const line of lines) this.read(line.slice(0, MAX_LINE_CHARS));
  }

  private read(line: string): void {
    this.version ??= /^(?:\[info\] )?ffmpeg version ([\w.+~:-]{1,64})/.exec(line)?.[1] ?? null;
    this.codec ??= /Stream #0:\d{1,3}\S{0,40}: Audio: ([a-z0-9_]{1,32})/.exec(line)?.[1] ?? null;
    // Video and subtitles in the file are not whitelisted; that they are refused is no error of the sound.
    if (/not on whitelist/.test(line)) return;
    if (/partial file|File ended prematurely|corrupt input packet/.test(line)) this.isCut = true;
    else if (/\[(?:error|fatal|panic)\]/.test(line)) this.readError(line);
  }

  private readError(line: string): void {
    // One failed packet gives one line of the first kind, with or without one of the decoder's own.
    if (/Error (?:while decoding|submitting)/.test(line)) this.failedPackets++;
    else this.complaints++;
    this.isOutOfMemory ||= line.includes('Cannot allocate memory');
    this.hasNoAudio ||= line.includes('matches no streams');
    this.hasNoDecoder ||= /Decoder \(codec .*\) not found|Unknown decoder|Decoding requested, but no decoder/.test(
      line,
    );
  }
}
