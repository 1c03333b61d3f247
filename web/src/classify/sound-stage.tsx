/** Waveform, segments and spectrogram over one time axis, with a cursor that moves as the clip plays. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Segment } from '@timbre/shared/contracts/job';
import { SegmentBand } from '../drawing/segment-band.js';
import { Spectrogram } from '../drawing/spectrogram.js';
import { Waveform } from '../drawing/waveform.js';
import { clock } from '../parts/figures.js';
import type { ClipSound } from './use-clip-sound.js';

export interface StageProps {
  name: string;
  segments: readonly Segment[];
  durationSeconds: number;
  sound: ClipSound;
  /** Further timelines under the first, as of another model. */
  children?: ComponentChildren;
}

export function SoundStage({ name, segments, durationSeconds, sound, children }: StageProps) {
  const player = usePlayer(sound.state === 'ready' ? sound.address : undefined, durationSeconds);
  const ready = sound.state === 'ready' ? sound : undefined;
  return (
    <section class="stage" aria-label={`Sound of ${name}`}>
      <div class="stage-picture">
        <Waveform
          peaks={ready?.peaks}
          segments={segments}
          durationSeconds={durationSeconds}
          label={`Waveform of ${name}, coloured by instrument`}
        />
        <SegmentBand segments={segments} durationSeconds={durationSeconds} name="Timeline" onSeek={player.seek} />
        {children}
        {ready?.mel && <Spectrogram picture={ready.mel} label={`Log-mel spectrogram of ${name}`} />}
        <StageNote sound={sound} />
        <div class="cursor" ref={player.cursor} aria-hidden="true" />
        <input
          class="seek"
          type="range"
          aria-label="Position in the clip"
          aria-valuetext={`${clock(player.seconds)} of ${clock(durationSeconds)}`}
          min={0}
          max={durationSeconds}
          step={0.01}
          value={player.seconds}
          disabled={!ready}
          onInput={(event) => player.seek(event.currentTarget.valueAsNumber)}
        />
      </div>
      <div class="stage-controls">
        <button
          type="button"
          class="play"
          disabled={!ready}
          onClick={player.toggle}
          aria-label={player.playing ? 'Pause' : 'Play'}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={player.playing ? 'M7 5h3.500v14H7zM13.5 5H17v14h-3.500z' : 'M8 5v14l11-7z'} />
          </svg>
        </button>
        <span class="figure stage-time">
          {clock(player.seconds)} <span class="soft">/ {clock(durationSeconds)}</span>
        </span>
      </div>
      {ready && <audio ref={player.audio} src={ready.address} preload="auto" {...player.events} />}
    </section>
  );
}

function StageNote({ sound }: { sound: ClipSound }) {
  if (sound.state === 'absent')
    return (
      <p class="stage-note">The server does not give out the audio of this clip, so there is its timeline only.</p>
    );
  if (sound.state === 'ready' && sound.undecodable)
    return <p class="stage-note">This browser cannot play this kind of file. The result is not affected.</p>;
  return null;
}

function usePlayer(address: string | undefined, durationSeconds: number) {
  const audio = useRef<HTMLAudioElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const [playing, setPlaying] = useState(false);
  const [seconds, setSeconds] = useState(0);
  const place = useCallback(
    (at: number) => {
      setSeconds(at);
      cursor.current?.style.setProperty('left', `${(100 * Math.min(at, durationSeconds)) / durationSeconds}%`);
    },
    [durationSeconds],
  );
  useEffect(() => {
    setPlaying(false);
    place(0);
  }, [address, place]);
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const follow = (): void => {
      if (audio.current) place(audio.current.currentTime);
      frame = requestAnimationFrame(follow);
    };
    frame = requestAnimationFrame(follow);
    return () => cancelAnimationFrame(frame);
  }, [playing, place]);
  return {
    audio,
    cursor,
    playing,
    seconds,
    seek: (at: number): void => {
      if (audio.current) audio.current.currentTime = at;
      place(at);
    },
    toggle: (): void => {
      if (playing) audio.current?.pause();
      else void audio.current?.play().catch(() => setPlaying(false));
    },
    events: { onPlay: () => setPlaying(true), onPause: () => setPlaying(false), onEnded: () => setPlaying(false) },
  };
}
