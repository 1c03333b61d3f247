/** Drop recordings, see what plays in them. The clip whose link is open is shown large, the others wait beside it. */
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '@timbre/shared/contracts/job';
import { isJobEnded } from '@timbre/client';
import { ModelChoice } from '../parts/model-choice.js';
import { DropZone } from '../parts/drop-zone.js';
import type { NamedFile } from '../parts/dropped-files.js';
import { isMissing, problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { goTo, linkTo } from '../shell/route.js';
import { ClipRail } from './clip-rail.js';
import { useClips, type SentClip } from './clips.js';
import { ResultView } from './result-view.js';

const AUDIO = 'audio/*,video/*,.flac,.ogg,.opus,.m4a,.aiff,.aif,.webm';

export function ClassifyView({ id }: { id: string | undefined }) {
  const { clips, send } = useClips();
  const [model, setModel] = useState<string>();
  const [chosen, setChosen] = useState<number>();
  const take = (files: NamedFile[]): void => {
    const [first] = send(files, model);
    setChosen(first);
    goTo({ view: 'classify' });
  };
  const shown = id === undefined ? clips.find(({ key }) => key === chosen) : clips.find(({ job }) => job?.id === id);
  useOpenWhenDone(shown, id);
  if (id === undefined && clips.length === 0) return <Welcome model={model} onModel={setModel} onFiles={take} />;
  return (
    <div class={`classify ${clips.length > 0 ? 'has-rail' : ''}`}>
      {clips.length > 0 && (
        <ClipRail
          shown={shown?.key}
          onShow={(clip) => {
            setChosen(clip.key);
            goTo(clip.job && isJobEnded(clip.job.state) ? { view: 'classify', id: clip.job.id } : { view: 'classify' });
          }}
        />
      )}
      <div class="classify-main">
        {shown ? (
          <SentClipView clip={shown} />
        ) : id !== undefined ? (
          <LinkedJob key={id} id={id} />
        ) : (
          <p class="soft">Choose a clip.</p>
        )}
        <DropZone class="drop-more" choose="Choose more files" multiple accept={AUDIO} onFiles={take}>
          <p>Drop more recordings here</p>
          <ModelChoice value={model} onChange={setModel} />
        </DropZone>
      </div>
    </div>
  );
}

function useOpenWhenDone(shown: SentClip | undefined, id: string | undefined): void {
  const doneId = shown?.job && isJobEnded(shown.job.state) ? shown.job.id : undefined;
  useEffect(() => {
    // Replaces the address, so that Back leads to where the person came from.
    if (id === undefined && doneId !== undefined) location.replace(linkTo({ view: 'classify', id: doneId }));
  }, [id, doneId]);
}

interface WelcomeProps {
  model: string | undefined;
  onModel: (model: string | undefined) => void;
  onFiles: (files: NamedFile[]) => void;
}

function Welcome({ model, onModel, onFiles }: WelcomeProps) {
  return (
    <DropZone class="welcome" choose="Choose files" multiple accept={AUDIO} onFiles={onFiles}>
      <WelcomeWave />
      <h1>Which instrument is this?</h1>
      <p>Drop recordings anywhere here. wav, mp3, flac, ogg, m4a and more, from one second to hours.</p>
      <ModelChoice value={model} onChange={onModel} />
    </DropZone>
  );
}

/** The outline of a phrase, drawn by hand: still, as nothing is heard yet. */
function WelcomeWave() {
  const heights = [
    6, 10, 18, 34, 58, 84, 66, 92, 74, 48, 30, 44, 70, 96, 80, 54, 36, 24, 40, 62, 50, 28, 16, 22, 34, 20, 12, 8, 5,
  ];
  return (
    <svg class="welcome-wave" viewBox="0 0 290 100" aria-hidden="true">
      {heights.map((height, index) => (
        <rect
          key={index}
          x={index * 10 + 2}
          y={50 - height / 2}
          width="6"
          height={height}
          rx="3"
          class={`wave-${Math.floor(index / 7.3)}`}
        />
      ))}
    </svg>
  );
}

function SentClipView({ clip }: { clip: SentClip }) {
  const { retry } = useClips();
  if (clip.job && isJobEnded(clip.job.state)) return <ResultView key={clip.job.id} job={clip.job} sent={clip.file} />;
  if (clip.problem) return <ProblemNote problem={clip.problem} onRetry={() => retry(clip.key)} />;
  return (
    <div class="under-way" role="status">
      <p class="under-way-name">{clip.name}</p>
      <progress max={1} {...(clip.phase === 'sending' ? { value: clip.sent } : {})} aria-label="Progress" />
      <p class="soft">{phaseWords(clip)}</p>
    </div>
  );
}

function phaseWords({ phase, sent }: SentClip): string {
  if (phase === 'queued') return 'Waiting for its turn';
  return phase === 'sending' ? `Sending, ${Math.round(sent * 100)} %` : 'Listening…';
}

/** A job that was sent from somewhere else, or before the page was loaded. */
function LinkedJob({ id }: { id: string }) {
  const { client, visits } = useSession();
  const [job, setJob] = useState<JobView>();
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    if (visits === 0) return;
    const stop = new AbortController();
    client.jobs.wait(id, { signal: stop.signal }).then(setJob, (error: unknown) => {
      if (stop.signal.aborted) return;
      setProblem(
        isMissing(error)
          ? { title: 'No such result', detail: 'The link is wrong, or the result was deleted when its time was over.' }
          : problemOf(error),
      );
    });
    return () => stop.abort();
  }, [id, client, visits]);
  if (job) return <ResultView job={job} sent={undefined} />;
  return problem ? (
    <ProblemNote problem={problem} />
  ) : (
    <p class="soft" role="status">
      Fetching the result…
    </p>
  );
}
