/** The queues by lane, with what waits in each in tasks and in seconds of sound. */
import { useState } from 'preact/hooks';
import type { QueueView } from '@timbre/shared/contracts/operations';
import { count, span } from '../parts/figures.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { callServer } from '../server/call.js';
import { useSession } from '../server/session.js';

export function QueueTable({ queues, onChanged }: { queues: readonly QueueView[]; onChanged: () => void }) {
  const { apiKey } = useSession();
  const [problem, setProblem] = useState<Problem>();
  const most = Math.max(...queues.map(({ backlogAudioSeconds }) => backlogAudioSeconds), 1);
  const toggle = ({ queue, paused }: QueueView): void => {
    setProblem(undefined);
    callServer(`/v1/admin/queues/${encodeURIComponent(queue)}/${paused ? 'resume' : 'pause'}`, apiKey, {
      method: 'POST',
    })
      .then(onChanged)
      .catch((error: unknown) => setProblem(problemOf(error)));
  };
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Queues">
      {problem && <ProblemNote problem={problem} />}
      <table class="class-table operate-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Lane</th>
            <th scope="col">Waiting</th>
            <th scope="col">At work</th>
            <th scope="col">Delayed</th>
            <th scope="col">Oldest</th>
            <th scope="col">Sound waiting</th>
            <th scope="col">
              <span class="visually-hidden">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {queues.map((view) => (
            <tr key={view.queue}>
              <th scope="row">{view.stage}</th>
              <td class="cell-text">{view.lane}</td>
              <td class="figure">{count(view.waiting)}</td>
              <td class="figure">{count(view.active)}</td>
              <td class="figure">{count(view.delayed)}</td>
              <td class="figure">{view.oldestSeconds === 0 ? '–' : span(view.oldestSeconds)}</td>
              <td class="figure backlog">
                <span class="backlog-bar" aria-hidden="true">
                  <span style={{ width: `${(100 * view.backlogAudioSeconds) / most}%` }} />
                </span>
                {view.backlogAudioSeconds === 0 ? '–' : span(view.backlogAudioSeconds)}
              </td>
              <td>
                <button
                  type="button"
                  class="button"
                  aria-label={`${view.paused ? 'Resume' : 'Pause'} ${view.queue}`}
                  onClick={() => toggle(view)}
                >
                  {view.paused ? 'Resume' : 'Pause'}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
