/** What a job answered: the decision in one glance, the sound with its timeline, and the figures behind it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { JobResult, JobView, Segment } from '@timbre/shared/contracts/job';
import { decidedName } from '../labels/palette.js';
import { hueOf, LabelMark, LabelPicture } from '../labels/label-mark.js';
import { useColours } from '../labels/use-palette.js';
import { CopyCommands } from '../api/copy-commands.js';
import { decibels, percent, size, span } from '../parts/figures.js';
import { ProblemNote } from '../parts/problem.js';
import { ScoreBars } from '../parts/score-bars.js';
import { linkTo } from '../shell/route.js';
import { useSession } from '../server/session.js';
import { ComparedTimeline, CompareControls, useComparison } from './comparison.js';
import { SoundStage } from './sound-stage.js';
import { useClipSound } from './use-clip-sound.js';

export function ResultView({ job, sent }: { job: JobView; sent: Blob | undefined }) {
  const { models } = useSession();
  const sound = useClipSound(
    job.id,
    sent,
    models.find(({ id }) => id === job.model),
  );
  const comparison = useComparison(job, sound.state === 'ready' ? sound.content : undefined);
  const { result, clip } = job;
  if (!result) return <FailedJob job={job} />;
  const durationSeconds = clip.durationSeconds ?? result.segments.at(-1)?.endSeconds ?? 1;
  return (
    <article class="result" aria-label={`Result of ${clip.name}`}>
      <Verdict name={clip.name} result={result} model={job.model} />
      <SoundStage name={clip.name} segments={result.segments} durationSeconds={durationSeconds} sound={sound}>
        <ComparedTimeline comparison={comparison} durationSeconds={durationSeconds} />
      </SoundStage>
      <div class="result-figures">
        <Panel title={comparison.job ? `Scores · ${job.model}` : 'Scores'}>
          <ScoreBars scores={result.scores} name={`Scores of ${job.model}`} />
        </Panel>
        {comparison.job?.result && (
          <Panel title={`Scores · ${comparison.job.model}`}>
            <ScoreBars scores={comparison.job.result.scores} name={`Scores of ${comparison.job.model}`} />
          </Panel>
        )}
        <Panel title="Recording">
          <Facts rows={[...clipFacts(job), ...qualityFacts(result)]} />
        </Panel>
        <Panel title="Work">
          <Facts rows={workFacts(job)} />
        </Panel>
      </div>
      <div class="result-actions">
        <CompareControls comparison={comparison} model={job.model} />
        <ShareLink id={job.id} />
      </div>
      <CopyCommands subject={{ kind: 'clip', name: clip.name, model: job.model }} />
    </article>
  );
}

function Verdict({ name, result, model }: { name: string; result: JobResult; model: string }) {
  const decided = decidedName(result);
  const colour = useColours()(decided);
  const guess = result.decision === 'unknown' && result.label !== null ? `closest is ${result.label}` : undefined;
  return (
    <header class="verdict" style={hueOf(colour)}>
      <LabelPicture label={decided} />
      <div>
        <h1 class="verdict-label">{decided}</h1>
        <p class="verdict-clip">
          {name} <span class="soft nowrap">· {model}</span>
        </p>
        <HeardIn segments={result.segments} />
      </div>
      <p class="verdict-confidence">
        <span class="figure">{percent(result.confidence)}</span>
        <span class="soft">{guess ?? (decided === 'mute' ? 'nothing sounds' : 'confidence')}</span>
      </p>
    </header>
  );
}

/** What sounds for how long, where it is more than one thing: the word above stands for the clip as a whole. */
function HeardIn({ segments }: { segments: readonly Segment[] }) {
  const heard = new Map<string, number>();
  for (const { label, startSeconds, endSeconds } of segments)
    heard.set(label, (heard.get(label) ?? 0) + endSeconds - startSeconds);
  if (heard.size < 2) return null;
  return (
    <ul class="heard-in" aria-label="Heard in it">
      {[...heard].map(([label, seconds]) => (
        <li key={label}>
          <LabelMark label={label} /> <span class="figure soft">{span(seconds)}</span>
        </li>
      ))}
    </ul>
  );
}

export function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export type FactRow = readonly [name: string, value: string];

export function Facts({ rows }: { rows: readonly FactRow[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="figure">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function clipFacts({ clip }: JobView): FactRow[] {
  const rows: (FactRow | undefined)[] = [
    clip.durationSeconds === undefined ? undefined : ['Length', span(clip.durationSeconds)],
    clip.format === undefined ? undefined : ['Format', [clip.format, clip.codec].filter(Boolean).join(' · ')],
    clip.sampleRateHz === undefined
      ? undefined
      : [
          'Sound',
          `${clip.sampleRateHz / 1000} kHz · ${clip.channels === 1 ? 'mono' : clip.channels === 2 ? 'stereo' : `${clip.channels ?? '?'} channels`}`,
        ],
    clip.bytes === undefined ? undefined : ['Size', size(clip.bytes)],
  ];
  return rows.filter((row) => row !== undefined);
}

function qualityFacts({ quality }: JobResult): FactRow[] {
  return [
    ['Peak', decibels(quality.peakDbfs)],
    ['Loudness (RMS)', decibels(quality.rmsDbfs)],
    ['Noise floor', decibels(quality.noiseFloorDbfs)],
    ['Clipped', percent(quality.clippedRatio, 2)],
    ['Silent', percent(quality.silentRatio)],
  ];
}

function workFacts({ timings, provenance }: JobView): FactRow[] {
  const times: [string, number | undefined][] = [
    ['Wait', timings.waitSeconds],
    ['Preprocess', timings.preprocessSeconds],
    ['Wait for model', timings.inferWaitSeconds],
    ['Inference', timings.inferSeconds],
    ['In all', timings.totalSeconds],
  ];
  return [
    ...times.filter(([, value]) => value !== undefined).map(([name, value]): FactRow => [name, span(value ?? 0)]),
    ...(provenance?.provider ? [['Ran on', provenance.provider.toUpperCase()] as const] : []),
  ];
}

function FailedJob({ job }: { job: JobView }) {
  const { error, state, clip } = job;
  const words = { canceled: 'It was canceled.', expired: 'It took longer than its deadline.' } as Record<
    string,
    string
  >;
  return (
    <article class="result" aria-label={`Result of ${clip.name}`}>
      <h1 class="failed-name">{clip.name}</h1>
      <ProblemNote
        problem={
          error
            ? { title: error.title, detail: error.detail, code: error.code }
            : { title: 'No result', detail: words[state] ?? `The job is ${state}.` }
        }
      />
    </article>
  );
}

function ShareLink({ id }: { id: string }) {
  const [copied, setCopied] = useState(false);
  const address = new URL(linkTo({ view: 'classify', id }), location.href).href;
  return (
    <div class="share">
      <a href={address}>Link to this result</a>
      <button
        type="button"
        class="button"
        onClick={() =>
          void navigator.clipboard.writeText(address).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        {copied ? 'Copied' : 'Copy link'}
      </button>
    </div>
  );
}
