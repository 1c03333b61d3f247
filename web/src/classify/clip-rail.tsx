/** The clips of this visit, in a list beside the one that is shown. */
import { decidedName } from '../labels/palette.js';
import { Swatch } from '../labels/label-mark.js';
import { percent } from '../parts/figures.js';
import { useClips, type SentClip } from './clips.js';

export function ClipRail({ shown, onShow }: { shown: number | undefined; onShow: (clip: SentClip) => void }) {
  const { clips, clear } = useClips();
  return (
    <nav class="clip-rail" aria-label="Clips of this visit">
      <ul>
        {clips.map((clip) => (
          <li key={clip.key}>
            <button type="button" aria-current={clip.key === shown ? 'true' : undefined} onClick={() => onShow(clip)}>
              <span class="rail-name">{clip.name}</span>
              <RailState clip={clip} />
            </button>
          </li>
        ))}
      </ul>
      <button type="button" class="button button-quiet" onClick={clear}>
        Clear list
      </button>
    </nav>
  );
}

function RailState({ clip }: { clip: SentClip }) {
  const { phase, job, sent } = clip;
  if (job?.result) {
    const name = decidedName(job.result);
    return (
      <span class="rail-state">
        <Swatch label={name} />
        {name} <span class="figure">{percent(job.result.confidence)}</span>
      </span>
    );
  }
  if (phase === 'failed') return <span class="rail-state is-failed">failed</span>;
  return (
    <span class="rail-state soft">
      {phase === 'sending' ? percent(sent) : phase === 'queued' ? 'waiting' : 'listening…'}
    </span>
  );
}
