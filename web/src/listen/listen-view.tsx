/** Listens to the microphone: the instrument that plays lights up, and the last half minute runs past. */
import { useEffect, useState } from 'preact/hooks';
import { decidedName, muteLabel, unknownLabel } from '../labels/palette.js';
import { hueOf, LabelPicture } from '../labels/label-mark.js';
import { useColours, usePalette } from '../labels/use-palette.js';
import { clock, count, percent } from '../parts/figures.js';
import { ModelChoice } from '../parts/model-choice.js';
import { ProblemNote } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { linkTo } from '../shell/route.js';
import { LevelMeter } from './level-meter.js';
import { LiveTimeline } from './live-timeline.js';
import { listDevices, type Device } from './microphone.js';
import type { HeardWindow, TakeView } from './take.js';
import { useTake, type Listening } from './use-take.js';

export function ListenView() {
  const listening = useTake();
  const { models, defaultModel } = useSession();
  const [model, setModel] = useState<string>();
  const { view, running } = listening;
  const chosen = models.find(({ id }) => id === model) ?? defaultModel;
  const labels = view && view.labels.length > 0 ? view.labels : (chosen?.labels ?? []);
  const latest = running ? view?.windows.at(-1) : undefined;
  return (
    <div class="listen">
      <h1 class="visually-hidden">Listen</h1>
      <Instruments labels={[...labels, unknownLabel, muteLabel]} latest={latest} />
      <p class="visually-hidden" role="status">
        {latest ? decidedName(latest) : ''}
      </p>
      <section class="stage" aria-label="Live sound">
        <LiveTimeline view={view} levels={listening.levels} running={running} />
        <Controls listening={listening} model={model} onModel={setModel} />
      </section>
      {listening.problem && <ProblemNote problem={listening.problem} />}
      {view && <Measured view={view} running={running} />}
    </div>
  );
}

function Instruments({ labels, latest }: { labels: string[]; latest: HeardWindow | undefined }) {
  const colourOf = useColours();
  const palette = usePalette();
  const lit = latest && decidedName(latest);
  return (
    <ul class="instruments" aria-label="Instruments">
      {labels.map((label) => {
        // Only labels have scores; the other two either stand or do not.
        const score = latest && (label === lit ? latest.confidence : latest.scores[label]);
        return (
          <li
            key={label}
            class={`instrument ${label === lit ? 'is-lit' : ''}`}
            style={hueOf(colourOf(label))}
            data-label={label}
          >
            <LabelPicture label={label} />
            <span class="instrument-name">{label}</span>
            <span class="figure instrument-score">{score === undefined ? ' ' : percent(score)}</span>
            <span class="instrument-bar" aria-hidden="true">
              <span
                class={`score-fill pattern-${palette(label).pattern}`}
                style={{ width: `${(score ?? 0) * 100}%` }}
              />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

interface ControlsProps {
  listening: Listening;
  model: string | undefined;
  onModel: (model: string | undefined) => void;
}

function Controls({ listening, model, onModel }: ControlsProps) {
  const { running, start, stop, levels, view } = listening;
  const devices = useDevices(running);
  const [deviceId, setDeviceId] = useState<string>();
  const [save, setSave] = useState(false);
  return (
    <div class="listen-controls">
      <button
        type="button"
        class={`record ${running ? 'is-running' : ''}`}
        disabled={view?.state === 'ending'}
        onClick={() => (running ? stop() : start({ deviceId, model, save }))}
      >
        <span class="record-dot" aria-hidden="true" />
        {running ? 'Stop' : 'Listen'}
      </button>
      <LevelMeter levels={levels} running={running} />
      <label class="model-choice">
        Input{' '}
        <select
          value={deviceId ?? ''}
          disabled={running}
          onChange={(event) => setDeviceId(event.currentTarget.value || undefined)}
        >
          <option value="">System default</option>
          {devices.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="plain" disabled={running}>
        <ModelChoice value={model} onChange={onModel} />
        <label class="check">
          <input type="checkbox" checked={save} onChange={(event) => setSave(event.currentTarget.checked)} /> Save this
          take
        </label>
      </fieldset>
    </div>
  );
}

/** Asked again after a start: only then have they names. */
function useDevices(running: boolean): Device[] {
  const [devices, setDevices] = useState<Device[]>([]);
  useEffect(() => {
    const read = (): void => void listDevices().then(setDevices);
    read();
    const media = navigator.mediaDevices as MediaDevices | undefined;
    media?.addEventListener('devicechange', read);
    return () => media?.removeEventListener('devicechange', read);
  }, [running]);
  return devices;
}

interface MeasuredProps {
  view: TakeView;
  running: boolean;
}

function Measured({ view, running }: MeasuredProps) {
  const heard = view.windows.flatMap(({ soundToAnswerMs }) => soundToAnswerMs ?? []).slice(-20);
  const server = view.windows.map(({ latencyMs }) => latencyMs).slice(-20);
  const rows: [string, string][] = [
    ['State', stateWords(view)],
    ['Length', clock(view.capturedSamples / view.sampleRateHz)],
    ['Sound to answer', heard.length === 0 ? '–' : `${Math.round(median(heard))} ms`],
    ['Of it in the server', server.length === 0 ? '–' : `${Math.round(median(server))} ms`],
    ['Samples captured', count(view.capturedSamples)],
    ['Samples sent', count(view.sentSamples)],
    ...(view.receivedSamples === undefined
      ? []
      : [['Samples received', count(view.receivedSamples)] as [string, string]]),
    ...(view.skipped > 0 ? [['Windows skipped', count(view.skipped)] as [string, string]] : []),
    ...(view.reconnects > 0 ? [['Reconnected', `${view.reconnects}×`] as [string, string]] : []),
  ];
  return (
    <>
      {!running && view.jobIds.length > 0 && (
        <p class="take-saved" role="status">
          The take is saved
          {view.jobIds.length > 1 && `, in ${view.jobIds.length} parts, as the server was away in between`}.{' '}
          {view.jobIds.map((id, index) => (
            <a key={id} href={linkTo({ view: 'classify', id })}>
              Open {view.jobIds.length > 1 ? `part ${index + 1} ` : 'it'}
            </a>
          ))}
        </p>
      )}
      <dl class="measured">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="figure" data-fact={name}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function stateWords({ state }: TakeView): string {
  const words = {
    connecting: 'connecting',
    live: 'listening',
    reconnecting: 'server away, keeping the sound',
    ending: 'finishing',
    ended: 'ended',
    failed: 'stopped',
  } satisfies Record<TakeView['state'], string>;
  return words[state];
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
