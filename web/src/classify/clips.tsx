/**
 * The clips sent from this page, kept while other views are open. A clip goes `queued → sending → working → done | failed`;
 * three are under way at once, as more would only slow each other down.
 */
import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JobView } from '@timbre/shared/contracts/job';
import type { NamedFile } from '../parts/dropped-files.js';
import { problemOf, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { sendClip } from './send-clip.js';

export interface SentClip {
  key: number;
  file: File;
  name: string;
  model: string | undefined;
  phase: 'queued' | 'sending' | 'working' | 'done' | 'failed';
  /** Share of the bytes that is sent, 0..1. */
  sent: number;
  job?: JobView;
  problem?: Problem;
}

export interface Clips {
  clips: readonly SentClip[];
  /** @returns their keys */
  send: (files: readonly NamedFile[], model: string | undefined) => number[];
  retry: (key: number) => void;
  clear: () => void;
}

const AT_ONCE = 3;
const Context = createContext<Clips | undefined>(undefined);

export function useClips(): Clips {
  const clips = useContext(Context);
  if (!clips) throw new Error('no clips around this part of the page');
  return clips;
}

export function ClipsProvider({ children }: { children: ComponentChildren }) {
  const [clips, setClips] = useState<readonly SentClip[]>([]);
  const nextKey = useRef(1);
  const change = useCallback((key: number, changes: Partial<SentClip>) => {
    setClips((all) => all.map((clip) => (clip.key === key ? { ...clip, ...changes } : clip)));
  }, []);
  useQueueRunner(clips, change);
  const value = useMemo<Clips>(
    () => ({
      clips,
      send(files, model) {
        const added = files.map(({ file, path }): SentClip => {
          const key = nextKey.current;
          nextKey.current += 1;
          return { key, file, name: path.split('/').at(-1) ?? path, model, phase: 'queued', sent: 0 };
        });
        setClips((all) => [...added, ...all]);
        return added.map(({ key }) => key);
      },
      retry: (key) => setClips((all) => all.map((clip) => (clip.key === key ? again(clip) : clip))),
      clear: () => setClips((all) => all.filter(({ phase }) => phase === 'sending' || phase === 'working')),
    }),
    [clips],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

const again = ({ key, file, name, model }: SentClip): SentClip => ({
  key,
  file,
  name,
  model,
  phase: 'queued',
  sent: 0,
});

function useQueueRunner(clips: readonly SentClip[], change: (key: number, changes: Partial<SentClip>) => void): void {
  const { client, apiKey } = useSession();
  const running = useRef(new Set<number>());
  useEffect(() => {
    const waiting = clips.filter(({ phase, key }) => phase === 'queued' && !running.current.has(key));
    for (const { key, file, name, model } of waiting.reverse()) {
      if (running.current.size >= AT_ONCE) return;
      running.current.add(key);
      change(key, { phase: 'sending' });
      void (async () => {
        try {
          const accepted = await sendClip(client, {
            file,
            name,
            model,
            apiKey,
            onSent: (sent) => change(key, { sent }),
          });
          change(key, { phase: 'working', sent: 1, job: accepted });
          const job = await client.jobs.wait(accepted.id);
          running.current.delete(key);
          change(key, { phase: job.state === 'succeeded' ? 'done' : 'failed', job });
        } catch (error) {
          running.current.delete(key);
          change(key, { phase: 'failed', problem: problemOf(error) });
        }
      })();
    }
  }, [clips, client, apiKey, change]);
}
