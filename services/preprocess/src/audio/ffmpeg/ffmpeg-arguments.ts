/**
 * The only command line ffmpeg is ever started with. Nothing of a clip's name or content gets into it: the demuxer comes from
 * our own sniffing, the clip through a pipe, and protocols other than the pipe are closed, because a "wav" that is really a
 * playlist otherwise reads other people's files.
 */
export const ffmpegDemuxers = [
  'mov',
  'matroska',
  'aac',
  'aiff',
  'wav',
  'w64',
  'ogg',
  'avi',
  'caf',
  'au',
  'amr',
  'flac',
] as const;
export type FfmpegDemuxer = (typeof ffmpegDemuxers)[number];

/** Audio only: no video decoder, the larger half of ffmpeg, is ever opened on a stranger's bytes. */
const CODECS = [
  ...[
    'aac',
    'aac_latm',
    'ac3',
    'eac3',
    'alac',
    'amrnb',
    'amrwb',
    'flac',
    'gsm',
    'gsm_ms',
    'mp1float',
    'mp2float',
    'mp3float',
  ],
  ...['opus', 'libopus', 'speex', 'libspeex', 'vorbis', 'wmav1', 'wmav2'],
  ...[
    'adpcm_ima_qt',
    'adpcm_ima_wav',
    'adpcm_ms',
    'pcm_alaw',
    'pcm_mulaw',
    'pcm_bluray',
    'pcm_u8',
    'pcm_s8',
    'mace3',
    'mace6',
  ],
  ...['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le'],
  ...['pcm_s16be', 'pcm_s24be', 'pcm_s32be', 'pcm_f32be', 'pcm_f64be'],
];

/**
 * Decodes the first audio stream of stdin to 32-bit float WAV on stdout: the WAV header is how rate and channel count, which
 * are kept, come back. The log carries its levels, each message on its own line.
 */
export function ffmpegArguments(demuxer: FfmpegDemuxer, maxSeconds: number): string[] {
  return [
    ...['-nostdin', '-nostats', '-loglevel', 'repeat+level+info'],
    ...['-protocol_whitelist', 'pipe', '-codec_whitelist', CODECS.join(','), '-threads', '1'],
    ...['-f', demuxer, '-i', 'pipe:0'],
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '-1', '-threads', '1', '-t', String(maxSeconds)],
    ...['-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'],
  ];
}

/**
 * Runs its arguments under limits: no core dump, no file of any size, so much processor time, so much address space. A shell
 * because Node cannot set them and `prlimit` is Linux only; where a limit is not known (memory on macOS) the rest still hold.
 */
const LIMITED = `{ ulimit -c 0; ulimit -f 0; ulimit -H -t "$1"; ulimit -S -t "$2"; ulimit -v "$3"; } 2>/dev/null
shift 3
exec "$@"`;

export interface ChildLimits {
  maxMemoryBytes: number;
  maxCpuSeconds: number;
}

/** `[program, arguments]` for `spawn`. */
export function limitedCommand(program: string, args: string[], limits: ChildLimits): [string, string[]] {
  const cpuSeconds = Math.ceil(limits.maxCpuSeconds);
  const kibibytes = Math.ceil(limits.maxMemoryBytes / 1024);
  const numbers = [cpuSeconds + 2, cpuSeconds, kibibytes].map(String);
  return ['/bin/sh', ['-c', LIMITED, 'sh', ...numbers, program, ...args]];
}
