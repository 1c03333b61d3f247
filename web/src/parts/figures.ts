/** Numbers as people read them. */

/** `0:07.2`, `12:03`, `1:02:03`: tenths only below a minute. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${minutes}:${String(rest).padStart(2, '0')}`;
  if (hours > 0) return `${hours}:${minutes < 10 ? '0' : ''}${tail}`;
  return seconds < 60 ? `0:${(Math.floor(seconds * 10) / 10).toFixed(1).padStart(4, '0')}` : tail;
}

/** `1.8 s`, `14 min`, `3.2 h`, `2 days`. */
export function span(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** In powers of 1000, as storage is sold. */
export function size(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ''}`;
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const count = (value: number): string => grouped.format(value);
export const percent = (fraction: number, digits = 0): string => `${(fraction * 100).toFixed(digits)} %`;
export const decibels = (value: number): string => `${value.toFixed(1).replace('-', '−')} dBFS`;
/** With the word that fits it: `1 clip`, `2 clips`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
