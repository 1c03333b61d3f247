/** How a label is shown: its colour with its pattern, its picture where there is one, and always its name. */
import { usePalette, useColours } from './use-palette.js';

/** Sets the custom property that the style sheet paints with. */
export function hueOf(colour: string): Record<'--hue', string> {
  return { '--hue': colour };
}

export function Swatch({ label }: { label: string }) {
  const colour = useColours()(label);
  const { pattern } = usePalette()(label);
  return <span class={`swatch pattern-${pattern}`} style={hueOf(colour)} aria-hidden="true" />;
}

export function LabelMark({ label }: { label: string }) {
  return (
    <span class="label-mark">
      <Swatch label={label} />
      {label}
    </span>
  );
}

/** Pictures for what we have drawn; any other label shows its first letter. */
const pictures: Readonly<Record<string, string>> = {
  drums:
    'M4 11c0-2.2 3.6-4 8-4s8 1.8 8 4-3.6 4-8 4-8-1.8-8-4Zm0 0v6c0 2.2 3.6 4 8 4s8-1.8 8-4v-6M8 14.600v5.800M16 14.600v5.800M12 15v6M5 3l6 5M19 3l-6 5',
  guitar:
    'M20 2.5 22 4.500M21 3.500l-8 8M13.6 9.200c-1.6-1.6-4.1-1.5-5.1.3-.6 1-.9 1.6-2.3 2-2.9.8-4.1 4.6-1.6 7.4 2.8 2.5 6.6 1.3 7.4-1.6.4-1.4 1-1.7 2-2.3 1.8-1 1.9-3.5.3-5.100ZM9.5 14.500a1.2 1.2 0 1 1-.010 0M5.8 16.600l1.7 1.7',
  piano: 'M3 5h18v14H3zM7.5 5v8h2.500V5M14 5v8h2.500V5M8.750 13v6M15.250 13v6M12 5v14',
  violin:
    'M12 2v9M10.5 3.500h3M12 8c-2.4 0-3.5 1.3-3.5 3 0 1 .600 1.6.600 2.400S7.5 14.8 7.5 17c0 2.8 2 4.5 4.5 4.500s4.5-1.7 4.5-4.500c0-2.2-1.6-2.8-1.6-3.600s.6-1.4.6-2.400c0-1.7-1.1-3-3.5-3ZM10.5 17.500h3M19 3 5.5 20.5',
  mute: 'M4 9.500v5h3.500L12 19V5L7.5 9.500ZM16 9.500l5 5M21 9.500l-5 5',
  unknown: 'M8.5 9a3.5 3.5 0 1 1 5.3 3c-1.2.700-1.8 1.4-1.8 2.800M12 18.600v.1',
};

export function LabelPicture({ label }: { label: string }) {
  const path = pictures[label];
  if (path === undefined)
    return (
      <span class="label-letter" aria-hidden="true">
        {String.fromCodePoint(label.codePointAt(0) ?? 0x3f).toUpperCase()}
      </span>
    );
  return (
    <svg class="label-picture" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
