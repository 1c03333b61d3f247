/**
 * One look for each label, the same in every view: a colour, and a pattern for eyes that cannot tell the colours apart.
 * Colours begin with those of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened or lightened until they stand out
 * from paper and ink alike by 3 : 1. The first label gets the first look, so it
 * knows no instruments, and labels of models that come later change nothing.
 */
import type { Theme } from '../shell/theme.js';

export interface LabelLook {
  light: string;
  dark: string;
  /** 0: plain, then stripes and dots; on repeat of the colours the next pattern. */
  pattern: number;
}

const colours: readonly (readonly [light: string, dark: string])[] = [
  ['#c04a00', '#f28a45'],
  ['#007d5a', '#35c99f'],
  ['#0068a8', '#62b1f2'],
  ['#b0508a', '#eaa3cc'],
  ['#8a6a00', '#ecd957'],
  ['#3d7f93', '#7fd3e8'],
  ['#6a4bab', '#b9a1f2'],
  ['#8c4a3c', '#d99c8c'],
];
const patternCount = 4;

/** Both are decisions of every model, and no labels. */
export const unknownLabel = 'unknown';
export const muteLabel = 'mute';
const unknownLook: LabelLook = { light: '#656b78', dark: '#a5abb8', pattern: 4 };
const muteLook: LabelLook = { light: '#8b8f98', dark: '#6f7580', pattern: 5 };

export type Palette = (label: string) => LabelLook;

/** @param labels of all models, those of the default one first */
export function createPalette(labels: Iterable<string>): Palette {
  const looks = new Map<string, LabelLook>([...new Set(labels)].map((label, index) => [label, lookAt(index)]));
  return (label) => {
    if (label === muteLabel) return muteLook;
    return looks.get(label) ?? unknownLook;
  };
}

function lookAt(index: number): LabelLook {
  const [light, dark] = colours[index % colours.length] ?? ['#656b78', '#a5abb8'];
  return { light, dark, pattern: (index + Math.floor(index / colours.length)) % patternCount };
}

export const colourOf = (look: LabelLook, theme: Theme): string => look[theme];

/** What a result says in one word: the label, or `unknown`, or `mute`. */
export function decidedName(result: { decision: 'label' | 'unknown' | 'mute'; label: string | null }): string {
  return result.decision === 'label' ? (result.label ?? unknownLabel) : result.decision;
}
