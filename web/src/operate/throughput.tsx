/** What goes through, and in batches of which size the models get it. */
import type { OverviewView } from '@timbre/shared/contracts/operations';
import { Facts, type FactRow } from '../classify/result-view.js';

export function Throughput({ throughput }: Pick<OverviewView, 'throughput'>) {
  const rows = throughput
    .filter(({ clipsPerSecond }) => clipsPerSecond > 0)
    .map(({ stage, lane, clipsPerSecond, audioSecondsPerSecond }): FactRow => [
      `${stage}, ${lane}`,
      `${clipsPerSecond.toFixed(1)} clips/s · ${audioSecondsPerSecond.toFixed(1)}× real time`,
    ]);
  return rows.length === 0 ? <p class="soft">Nothing goes through just now.</p> : <Facts rows={rows} />;
}

export function BatchSizes({ sizes }: { sizes: OverviewView['batchSizes'] }) {
  const busy = sizes.filter(({ meanWindows }) => meanWindows !== null);
  if (busy.length === 0) return null;
  return (
    <>
      <h3>Windows in one run of a model</h3>
      <Facts
        rows={busy.map(({ model, meanWindows, p95, runsPerSecond }): FactRow => [
          model,
          `${(meanWindows ?? 0).toFixed(1)} on average${p95 === null ? '' : `, p95 ${p95.toFixed(0)}`} · ${runsPerSecond.toFixed(1)} runs/s`,
        ])}
      />
    </>
  );
}
