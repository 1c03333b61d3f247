/** How often it is right against how sure it is: on the diagonal, confidence can be taken at its word. */
import type { EvaluationView } from '@timbre/shared/contracts/evaluation';
import { percent } from '../parts/figures.js';

const SIZE = 220;
const EDGE = 40;
const MARGIN = 12;

export function ReliabilityDiagram({ calibration }: { calibration: EvaluationView['figures']['calibration'] }) {
  const bins = calibration.bins.filter(({ clips }) => clips > 0);
  const most = Math.max(1, ...bins.map(({ clips }) => clips));
  const x = (value: number): number => EDGE + value * (SIZE - EDGE - MARGIN);
  const y = (value: number): number => SIZE - EDGE - value * (SIZE - EDGE - MARGIN);
  return (
    <figure class="reliability">
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={describe(bins)}>
        {[0, 0.5, 1].map((tick) => (
          <g key={tick} class="axis">
            <line x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} />
            <line y1={y(0)} y2={y(1)} x1={x(tick)} x2={x(tick)} />
            <text x={x(0) - 4} y={y(tick) + 3} text-anchor="end">
              {percent(tick)}
            </text>
            <text x={x(tick)} y={y(0) + 13} text-anchor="middle">
              {percent(tick)}
            </text>
          </g>
        ))}
        <line class="diagonal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        {bins.map(({ from, clips, meanConfidence, accuracy }) =>
          meanConfidence === null || accuracy === null ? null : (
            <g key={from}>
              <line class="gap" x1={x(meanConfidence)} x2={x(meanConfidence)} y1={y(meanConfidence)} y2={y(accuracy)} />
              <circle cx={x(meanConfidence)} cy={y(accuracy)} r={2.5 + 5 * Math.sqrt(clips / most)}>
                <title>{`${percent(meanConfidence)} sure, ${percent(accuracy)} right, ${clips} clips`}</title>
              </circle>
            </g>
          ),
        )}
        <text class="axis-name" x={x(0.5)} y={SIZE - 12} text-anchor="middle">
          confidence
        </text>
        <text class="axis-name" transform={`translate(8 ${y(0.5)}) rotate(-90)`} text-anchor="middle">
          right
        </text>
      </svg>
      <figcaption>
        {calibration.expectedCalibrationError === null
          ? 'Too few clips to say.'
          : `On average ${percent(calibration.expectedCalibrationError, 1)} off the diagonal (expected calibration error).`}
      </figcaption>
    </figure>
  );
}

type Bins = EvaluationView['figures']['calibration']['bins'];

function describe(bins: Bins): string {
  const points = bins.map(
    ({ meanConfidence, accuracy }) => `${percent(meanConfidence ?? 0)} sure: ${percent(accuracy ?? 0)} right`,
  );
  return `Reliability diagram. ${points.join('; ')}`;
}
