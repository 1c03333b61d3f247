/** Reads a source to its end, or to its error. */
import { inflateRawSync } from 'node:zlib';
import { isAppError, type AppError } from '@timbre/shared/errors';
import { defaultArchiveLimits, type ArchiveLimits } from '../archive-limits.js';
import type { ByteSource } from '../byte-source.js';
import type { FoundClip, FoundEntry, Reader } from '../found-clip.js';

export interface Collected {
  entries: FoundEntry[];
  clips: FoundClip[];
  /** `path` of a good clip, `path: code` of another. */
  lines: string[];
  sidecars?: number;
  error?: AppError;
}

export interface CollectOptions {
  limits?: Partial<ArchiveLimits>;
  resume?: string;
}

/** Errors that are not AppErrors are thrown: no reader may fail untyped. */
export async function collect(
  reader: Reader,
  source: ByteSource,
  { limits, resume }: CollectOptions = {},
): Promise<Collected> {
  const entries: FoundEntry[] = [];
  const reading = reader(source, {
    limits: { ...defaultArchiveLimits(), ...limits },
    tenant: 'ada',
    resume,
    signal: new AbortController().signal,
  });
  const outcome: Pick<Collected, 'sidecars' | 'error'> = {};
  try {
    for (;;) {
      const next = await reading.next();
      if (next.done === true) {
        outcome.sidecars = next.value.sidecars;
        break;
      }
      entries.push(next.value);
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    outcome.error = error;
  }
  const clips = entries.map(({ clip }) => clip);
  return {
    entries,
    clips,
    lines: clips.map(({ path, error }) => (error ? `${path}: ${error.code}` : path)),
    ...outcome,
  };
}

/** The content of a clip by its `ref` alone, as the process that decodes it reads it. */
export async function contentOf(source: ByteSource, { ref }: FoundClip): Promise<Buffer> {
  if (ref?.kind !== 'range') throw new Error('not a range');
  const bytes = await source.read(ref.offset, ref.bytes);
  return ref.method === 'deflate' ? inflateRawSync(bytes) : bytes;
}
