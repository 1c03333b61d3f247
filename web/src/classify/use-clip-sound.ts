/** The sound of a job's clip, out of the file that was sent or from the server, with the pictures made of it. */
import { useEffect, useState } from 'preact/hooks';
import { TimbreApiError, type ServedModel } from '@timbre/client';
import { decodeClip } from '../sound/decode-clip.js';
import type { MelPicture } from '../sound/log-mel.js';
import { melOptionsFor, melPicture, rateOf } from '../sound/mel-picture.js';
import { peaksOf, type Peaks } from '../sound/peaks.js';
import { callServer } from '../server/call.js';
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
      if (!content) {
        setSound({ state: 'absent' });
        return;
      }
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
        if (isStopped()) return;
        setSound({ ...ready, undecodable: true });
        const peaks = await fetchPeaks(jobId, apiKey, stop.signal).catch(() => undefined);
        if (peaks && !isStopped()) setSound({ ...ready, undecodable: true, peaks });
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

/** The outline as the server keeps it, for what this browser cannot decode. @throws TimbreApiError */
async function fetchPeaks(jobId: string, apiKey: string | undefined, signal: AbortSignal): Promise<Peaks> {
  const path = `/v1/jobs/${encodeURIComponent(jobId)}/peaks?points=${OUTLINE_SLICES}`;
  const { min, max } = await callServer<{ min: number[]; max: number[] }>(path, apiKey, { signal });
  const peak = Float32Array.from(max, (high, i) => Math.max(high, -(min[i] ?? 0)) / 127);
  // A third of the peak looks like the loudness of music, and nothing is measured from the picture.
  return { peak, rms: peak.map((value) => value / 3) };
}
