/** The look of labels, for parts of the page: worked out once, as a table asks for it hundreds of times in a frame. */
import { createContext, type ComponentChildren } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { useSession } from '../server/session.js';
import { useTheme } from '../shell/theme.js';
import { colourOf, createPalette, type Palette } from './palette.js';

interface Looks {
  palette: Palette;
  /** The colour of a label in the theme that is on. */
  colours: (label: string) => string;
}

const Context = createContext<Looks | undefined>(undefined);

export function PaletteProvider({ children }: { children: ComponentChildren }) {
  const { models, defaultModel } = useSession();
  const theme = useTheme();
  const looks = useMemo<Looks>(() => {
    const palette = createPalette([defaultModel, ...models].flatMap((model) => model?.labels ?? []));
    return { palette, colours: (label) => colourOf(palette(label), theme) };
  }, [models, defaultModel, theme]);
  return <Context.Provider value={looks}>{children}</Context.Provider>;
}

function useLooks(): Looks {
  const looks = useContext(Context);
  if (!looks) throw new Error('no palette around this part of the page');
  return looks;
}

export const usePalette = (): Palette => useLooks().palette;
export const useColours = (): Looks['colours'] => useLooks().colours;
