/** Numbers as people read them. */

/** `12 s`, `4 min`, `3.2 h`, `2.1 d` */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units: `0 B`, `12.3 MB` */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** `1 clip`, `12,345 clips` */
export function formatCount(count: number, noun?: string): string {
  const number = count.toLocaleString('en-US');
  if (noun === undefined) return number;
  return `${number} ${noun}${count === 1 ? '' : 's'}`;
}

/** `99.4 %`; never rounds to what would be all or nothing. */
export function formatShare(share: number): string {
  const percent = share * 100;
  const rounded = percent.toFixed(1);
  if (percent < 100 && rounded === '100.0') return '>99.9 %';
  if (percent > 0 && rounded === '0.0') return '<0.1 %';
  return `${rounded} %`;
}

/** `[1.5h | 90m | 30d | 3600]` in seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const factors: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
  return Math.round(Number(digits) * (factors[unit] ?? 1));
}
