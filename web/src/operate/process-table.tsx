/** Every process that reports, with the models it has loaded, and the way to its metrics. */
import type { OverviewView } from '@timbre/shared/contracts/operations';
import { size, span } from '../parts/figures.js';

export function ProcessTable({ processes }: Pick<OverviewView, 'processes'>) {
  const gateway = processes.find(({ service }) => service === 'gateway');
  return (
    <>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Processes">
        <table class="class-table operate-table">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Where</th>
              <th scope="col">Models</th>
              <th scope="col">Clips/s</th>
              <th scope="col">Memory</th>
              <th scope="col">Up for</th>
              <th scope="col">Metrics</th>
            </tr>
          </thead>
          <tbody>
            {processes.map((view) => (
              <tr key={view.id}>
                <th scope="row">{view.service}</th>
                <td class="cell-text">
                  {view.host} · {view.pid}
                </td>
                <td class="cell-text">
                  {view.models.map(({ model, provider }) => `${model} (${provider})`).join(', ') || '–'}
                </td>
                <td class="figure">{view.clipsPerSecond.toFixed(1)}</td>
                <td class="figure">{size(view.rssBytes)}</td>
                <td class="figure">{span((Date.parse(view.heardAt) - Date.parse(view.startedAt)) / 1000)}</td>
                <td>
                  <a href={`${view.adminUrl}/metrics`} target="_blank" rel="noreferrer">
                    open
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {gateway && (
        <p>
          <a href={`${gateway.adminUrl}/queues`} target="_blank" rel="noreferrer">
            Bull Board, task by task
          </a>{' '}
          <span class="soft">These addresses are reachable from the machine or network of the server only.</span>
        </p>
      )}
    </>
  );
}
