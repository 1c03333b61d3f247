/** The last stage a clip goes through: from the end of its job to the client that waits for it. */
import type { JobEvent } from '@timbre/shared/contracts/job';
import { observeStage, type Metrics } from '@timbre/shared/observability/metrics';

/** For the events of one waiting client; a job that had ended before it began to wait is not counted. */
export function watchDelivery(metrics: Metrics, now: () => number = Date.now): (event: JobEvent) => void {
  const waitingSince = now();
  return ({ job }) => {
    if (job?.finishedAt === undefined) return;
    const finishedAt = Date.parse(job.finishedAt);
    if (finishedAt >= waitingSince)
      observeStage(metrics, 'deliver', job.lane, Math.max(0, (now() - finishedAt) / 1000));
  };
}
