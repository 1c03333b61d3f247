/** The sound of a job's clip, out of the file that was sent or from the server, with the pictures made of it. */
import { useEffect, useState } from 'preact/hooks';
import { TimbreApiError, type ServedModel } from '@timbre/client';
import { decodeClip } from '../sound/decode-clip.js';
import type { MelPicture } from '../sound/log-mel.js';
import { melOptionsFor, melPicture, rateOf } from '../sound/mel-picture.js';
import { peaksOf, type Peaks } from '../sound/peaks.js';
import { useSession } from '../server/session.js';

export type ClipSound =
  | { state: 'loading' }
  /** The server does not have it, or not any more. */
  | { state: 'absent' }
  | { state: 'ready'; content: Blob; address: string; peaks?: Peaks; mel?: MelPicture; undecodable?: boolean };

const OUTLINE_SLICES = 4000;

export function useClipSound(jobId: string, sent: Blob | undefined, model: ServedModel | undefined): ClipSound {
  const { apiKey } = useSession();
  const [sound, setSound] = useState<ClipSound>({ state: 'loading' });
  useEffect(() => {
    const stop = new AbortController();
    const isStopped = (): boolean => stop.signal.aborted;
    let address: string | undefined;
    setSound({ state: 'loading' });
    void (async () => {
      const content = sent ?? (await fetchAudio(jobId, apiKey, stop.signal));
      if (isStopped()) return;
      if (!content) return void setSound({ state: 'absent' });
      address = URL.createObjectURL(content);
      const ready = { state: 'ready', content, address } as const;
      setSound(ready);
      try {
        const decoded = await decodeClip(content, rateOf(model));
        if (isStopped()) return;
        const peaks = peaksOf(decoded.samples, OUTLINE_SLICES);
        setSound({ ...ready, peaks });
        const mel = await melPicture(decoded, melOptionsFor(model, decoded.sampleRateHz), stop.signal);
        setSound({ ...ready, peaks, mel });
      } catch {
        if (!isStopped()) setSound({ ...ready, undecodable: true });
      }
    })().catch(() => {
      if (!isStopped()) setSound({ state: 'absent' });
    });
    return () => {
      stop.abort();
      if (address !== undefined) URL.revokeObjectURL(address);
    };
  }, [jobId, sent, model?.id, apiKey]);
  return sound;
}

/** Undefined when the server does not have it. @throws TimbreApiError */
export async function fetchAudio(
  jobId: string,
  apiKey: string | undefined,
  signal: AbortSignal,
): Promise<Blob | undefined> {
  const response = await fetch(`/v1/jobs/${encodeURIComponent(jobId)}/audio?inline=true`, {
    signal,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
  });
  if (response.ok) return response.blob();
  if (response.status === 404 || response.status === 410) return undefined;
  throw new TimbreApiError(response.status, await response.text());
}
