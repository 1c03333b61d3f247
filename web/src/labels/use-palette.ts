/** The look of labels, for parts of the page. */
import { useMemo } from 'preact/hooks';
import { useSession } from '../server/session.js';
import { useTheme } from '../shell/theme.js';
import { colourOf, createPalette, type Palette } from './palette.js';

export function usePalette(): Palette {
  const { models } = useSession();
  return useMemo(() => createPalette(models.flatMap(({ labels }) => labels)), [models]);
}

/** The colour of a label in the theme that is on. */
export function useColours(): (label: string) => string {
  const palette = usePalette();
  const theme = useTheme();
  return useMemo(() => (label: string) => colourOf(palette(label), theme), [palette, theme]);
}
