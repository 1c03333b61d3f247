/** Plays one clip of a table at a time. */
import type { ComponentChild } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { fetchAudio } from '../classify/use-clip-sound.js';
import { useSession } from '../server/session.js';

export interface ItemPlayer {
  /** Job id of the clip that plays. */
  playing: string | undefined;
  toggle: (jobId: string) => void;
  /** Goes somewhere in the view. */
  element: ComponentChild;
}

export function useItemPlayer(): ItemPlayer {
  const { apiKey } = useSession();
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState<string>();
  const [note, setNote] = useState('');
  useEffect(() => {
    const element = audio.current;
    if (playing === undefined || !element) return;
    const stop = new AbortController();
    let address: string | undefined;
    setNote('');
    void fetchAudio(playing, apiKey, stop.signal)
      .then(async (content) => {
        if (!content)
          throw new Error('The server does not have the audio of this clip any more, or does not give it out.');
        address = URL.createObjectURL(content);
        element.src = address;
        await element.play();
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        setNote(
          error instanceof DOMException
            ? 'This browser cannot play that file.'
            : error instanceof Error
              ? error.message
              : '',
        );
        setPlaying(undefined);
      });
    return () => {
      stop.abort();
      element.pause();
      element.removeAttribute('src');
      if (address !== undefined) URL.revokeObjectURL(address);
    };
  }, [playing, apiKey]);
  const toggle = useCallback((jobId: string) => setPlaying((now) => (now === jobId ? undefined : jobId)), []);
  return {
    playing,
    toggle,
    element: (
      <>
        <audio ref={audio} onEnded={() => setPlaying(undefined)} />
        <p class="soft" role="status">
          {note}
        </p>
      </>
    ),
  };
}
