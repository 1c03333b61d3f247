/** A small line without axes, from zero to its largest value. */

export interface SparklineProps {
  values: readonly number[];
  name: string;
}

const WIDTH = 160;
const HEIGHT = 32;

export function Sparkline({ values, name }: SparklineProps) {
  const most = Math.max(...values, 1e-9);
  const x = (index: number): number => (values.length < 2 ? WIDTH : (index / (values.length - 1)) * WIDTH);
  const y = (value: number): number => HEIGHT - 2 - (value / most) * (HEIGHT - 4);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={name} preserveAspectRatio="none">
      <polyline points={values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />
    </svg>
  );
}
