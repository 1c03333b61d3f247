/** Wrong labels to listen to, the most confident first. */
import type { Mistake } from '@timbre/shared/contracts/evaluation';
import { useItemPlayer } from '../archives/item-player.js';
import { LabelMark } from '../labels/label-mark.js';
import { percent } from '../parts/figures.js';
import { linkTo } from '../shell/route.js';

export function MistakeList({ mistakes }: { mistakes: readonly Mistake[] }) {
  const player = useItemPlayer();
  if (mistakes.length === 0) return <p class="soft">None: no clip got a wrong label.</p>;
  return (
    <>
      <ol class="mistakes">
        {mistakes.map(({ jobId, path, expected, decision, confidence }) => {
          const playing = player.playing === jobId;
          return (
            <li key={jobId}>
              <button
                type="button"
                class="row-play"
                aria-label={`${playing ? 'Stop' : 'Play'} ${path}`}
                onClick={() => player.toggle(jobId)}
              >
                <svg viewBox="0 0 24 24" aria-hidden="true">
                  <path d={playing ? 'M7 7h10v10H7z' : 'M8 5v14l11-7z'} />
                </svg>
              </button>
              <a href={linkTo({ view: 'classify', id: jobId })}>{path}</a>
              <span class="mistake-labels">
                <LabelMark label={expected} /> <span class="soft">taken for</span> <LabelMark label={decision} />
              </span>
              <span class="figure">{percent(confidence)}</span>
            </li>
          );
        })}
      </ol>
      {player.element}
    </>
  );
}
