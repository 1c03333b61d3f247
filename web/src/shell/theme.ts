/** Light or dark: as the system says, unless the person has chosen. */
import { useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

const STORED = 'timbre.theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const stored = (): Theme | undefined => {
  const value = localStorage.getItem(STORED);
  return value === 'light' || value === 'dark' ? value : undefined;
};
export const currentTheme = (): Theme => stored() ?? (systemDark.matches ? 'dark' : 'light');

export function applyStoredTheme(): void {
  document.documentElement.dataset['theme'] = currentTheme();
  systemDark.addEventListener('change', apply);
}

function apply(): void {
  document.documentElement.dataset['theme'] = currentTheme();
  for (const tell of listeners) tell();
}

export function toggleTheme(): void {
  const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark';
  // What equals the system's choice follows the system again.
  if (next === (systemDark.matches ? 'dark' : 'light')) localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, next);
  apply();
}

/** For what is drawn on a canvas, which no style sheet reaches. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const tell = (): void => setTheme(currentTheme());
    listeners.add(tell);
    return () => void listeners.delete(tell);
  }, []);
  return theme;
}
