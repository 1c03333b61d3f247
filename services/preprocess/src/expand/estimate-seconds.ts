/** Seconds of audio a file probably holds, before it is decoded: for sharing out work fairly, not for people. Pure. */
const bytesPerSecond: Record<string, number> = {
  wav: 132_000,
  aif: 132_000,
  aiff: 132_000,
  w64: 132_000,
  flac: 70_000,
  mp3: 20_000,
  m4a: 20_000,
  aac: 20_000,
  mp4: 20_000,
  ogg: 14_000,
  oga: 14_000,
  opus: 10_000,
  webm: 10_000,
};
/** Of a clip of unknown size. */
const unknownSeconds = 10;

export function estimateSeconds(path: string, bytes: number | undefined): number {
  if (bytes === undefined) return unknownSeconds;
  const extension = /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  return bytes / (bytesPerSecond[extension] ?? 60_000);
}
