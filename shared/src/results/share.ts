/** A counted share with its confidence interval. Pure. */

export interface Share {
  count: number;
  of: number;
  /** `count / of`; `null` when there is nothing to count. */
  share: number | null;
  /** 95 % Wilson score interval of the share; `null` when there is nothing to count. */
  interval: [low: number, high: number] | null;
}

/** Two-sided 95 % quantile of the normal distribution. */
const Z = 1.959963984540054;

export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: null, interval: null };
  return { count, of, share: count / of, interval: wilsonInterval(count, of) };
}

/** Counts the items for which `holds` is true. */
export function shareWhere<T>(items: readonly T[], holds: (item: T) => boolean): Share {
  return shareOf(items.filter(holds).length, items.length);
}

/**
 * Score interval of a binomial share (Wilson 1927): unlike the normal one it stays within 0..1 and says something true
 * for 0 and 100 %.
 * @param of above 0
 */
export function wilsonInterval(count: number, of: number): [low: number, high: number] {
  const p = count / of;
  const spread = Z * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  const scale = 1 + (Z * Z) / of;
  const centre = p + (Z * Z) / (2 * of);
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}
