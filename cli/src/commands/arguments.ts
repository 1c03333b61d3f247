/** Readers of option values; what they refuse is wrong usage. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../terminal/quantities.js';

/** A whole number within bounds. */
export function parseCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It should be a whole number, ${least} to ${most}.`);
  };
}

/** Any number within bounds. */
export function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It should be a number, ${least} to ${most}.`);
  };
}

/** `90`, `90s`, `15m`, `12h` or `30d`, in seconds. */
export function parseSeconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds < 1) throw new InvalidArgumentError('It should look like 90s, 15m, 12h or 30d.');
  return seconds;
}
