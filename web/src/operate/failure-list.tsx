/** What failed in the last hour, by reason, minute by minute, with the clips behind it. */
import type { FailuresOfCodeView } from '@timbre/shared/contracts/operations';
import { count } from '../parts/figures.js';
import { linkTo } from '../shell/route.js';

export function FailureList({ failures }: { failures: readonly FailuresOfCodeView[] }) {
  if (failures.length === 0) return <p class="soft">None.</p>;
  return (
    <ul class="failure-list">
      {failures.map(({ code, title, count: clips, perMinute, examples }) => (
        <li key={code}>
          <span>
            <a href={`/problems/${code}`} target="_blank" rel="noreferrer">
              {code}
            </a>
            <br />
            <span class="soft">{title}</span>
          </span>
          <MinuteBars perMinute={perMinute} code={code} />
          <span class="figure">{count(clips)}</span>
          <details>
            <summary>
              Clips<span class="visually-hidden"> that failed with {code}</span>
            </summary>
            <ul>
              {examples.map(({ jobId, tenant, stage, at }) => (
                <li key={jobId}>
                  <a href={linkTo({ view: 'classify', id: jobId })}>{jobId}</a>{' '}
                  <span class="soft">
                    {tenant} · {stage} · {new Date(at).toLocaleTimeString()}
                  </span>
                </li>
              ))}
            </ul>
          </details>
        </li>
      ))}
    </ul>
  );
}

function MinuteBars({ perMinute, code }: { perMinute: readonly number[]; code: string }) {
  const most = Math.max(...perMinute, 1);
  return (
    <svg
      class="minute-bars"
      viewBox="0 0 120 24"
      role="img"
      aria-label={`${code} in the last 60 minutes`}
      preserveAspectRatio="none"
    >
      {perMinute.map((value, minute) => {
        const height = value === 0 ? 0.6 : Math.max(2, (value / most) * 24);
        return <rect key={minute} x={minute * 2} width={1.5} y={24 - height} height={height} />;
      })}
    </svg>
  );
}
