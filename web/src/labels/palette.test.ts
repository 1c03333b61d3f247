import { describe, expect, it } from 'vitest';
import { createPalette, decidedName, type LabelLook } from './palette.js';

const paper = { light: '#ffffff', dark: '#191c24' };

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const labels = Array.from({ length: 8 }, (_, i) => `label ${i}`);

describe('createPalette', () => {
  it('changes no label when a model with others is added', () => {
    const before = createPalette(['drums', 'guitar']);
    const after = createPalette(['drums', 'guitar', 'cello', 'guitar', 'drums', 'banjo']);
    for (const label of ['drums', 'guitar']) expect(after(label)).toEqual(before(label));
  });

  it('tells 16 labels apart, by colour or by pattern', () => {
    const many = Array.from({ length: 16 }, (_, i) => `label ${String(i).padStart(2, '0')}`);
    const palette = createPalette(many);
    const looks = new Set(many.map((label) => JSON.stringify(palette(label))));
    expect(looks.size).toBe(16);
  });

  it('stands out from the paper by 3 : 1 in both themes, also unknown and mute', () => {
    const palette = createPalette(labels);
    for (const label of [...labels, 'unknown', 'mute'])
      for (const theme of ['light', 'dark'] as const)
        expect(contrast(palette(label)[theme], paper[theme]), `${label}, ${theme}`).toBeGreaterThan(3);
  });

  it('shows a label that no model knows as unknown', () => {
    const palette = createPalette(labels);
    const look: LabelLook = palette('kazoo');
    expect(look).toEqual(palette('unknown'));
  });
});

describe('decidedName', () => {
  it('is the label only when the decision is one', () => {
    expect(decidedName({ decision: 'label', label: 'violin' })).toBe('violin');
    expect(decidedName({ decision: 'unknown', label: 'violin' })).toBe('unknown');
    expect(decidedName({ decision: 'mute', label: null })).toBe('mute');
  });
});
