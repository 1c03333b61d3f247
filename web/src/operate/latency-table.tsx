/** How long each stage takes: half, 95 and 99 of a hundred are done in this time. Estimated as Prometheus does. */
import type { LatencyView, OverviewView } from '@timbre/shared/contracts/operations';
import { span } from '../parts/figures.js';

const time = (seconds: number | null): string => (seconds === null ? '–' : span(seconds));

export function LatencyTable({ overview }: { overview: OverviewView }) {
  const rows: [name: string, lane: string, latency: LatencyView][] = [
    ...overview.endToEnd.map((view): [string, string, LatencyView] => [`in all, ${view.state}`, view.lane, view]),
    ...overview.stages.map((view): [string, string, LatencyView] => [view.stage, view.lane, view]),
    ['live window', 'interactive', overview.liveSessions.windows],
  ];
  const busy = rows.filter(([, , { count }]) => count > 0);
  if (busy.length === 0) return <p class="soft">Nothing was done just now.</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Latencies">
      <table class="class-table operate-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Lane</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">p99</th>
          </tr>
        </thead>
        <tbody>
          {busy.map(([name, lane, { p50, p95, p99 }]) => (
            <tr key={`${name} ${lane}`}>
              <th scope="row">{name}</th>
              <td class="cell-text">{lane}</td>
              <td class="figure">{time(p50)}</td>
              <td class="figure">{time(p95)}</td>
              <td class="figure">{time(p99)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
