/**
 * Labels that a person has put right, kept in this browser, and given out as a manifest: its `expected` column is what an
 * evaluation, or the next batch over the same clips, is measured against.
 */
import { useCallback, useState } from 'preact/hooks';
import { counted } from '../parts/figures.js';
import { download } from '../parts/download.js';
import type { ItemRow } from './item-rows.js';

export interface Corrections {
  /** By the index of the clip. */
  labels: Readonly<Record<number, string>>;
  correct: (index: number, label: string) => void;
}

export function useCorrections(batchId: string): Corrections {
  const key = `timbre.corrections.${batchId}`;
  const [labels, setLabels] = useState<Readonly<Record<number, string>>>(() => read(key));
  const correct = useCallback(
    (index: number, label: string) =>
      setLabels((before) => {
        const { [index]: _old, ...others } = before;
        const next = label === '' ? others : { ...others, [index]: label };
        localStorage.setItem(key, JSON.stringify(next));
        return next;
      }),
    [key],
  );
  return {
    labels,
    correct,
  };
}

function read(key: string): Record<number, string> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}') as Record<number, string>;
  } catch {
    return {};
  }
}

export function CorrectionExport({ corrections, rows }: { corrections: Corrections; rows: readonly ItemRow[] }) {
  const corrected = rows.filter(({ index }) => corrections.labels[index] !== undefined);
  if (corrected.length === 0) return null;
  return (
    <p class="corrections">
      {counted(corrected.length, 'label')} put right.{' '}
      <button
        type="button"
        class="button"
        onClick={() => download('labels.csv', csvOf(corrected, corrections), 'text/csv')}
      >
        Save as labels.csv
      </button>
    </p>
  );
}

export function csvOf(rows: readonly ItemRow[], { labels }: Pick<Corrections, 'labels'>): string {
  const lines = rows.map(({ path, name, index }) => [path, labels[index] ?? '', name ?? ''].map(cell).join(','));
  return ['path,expected,heard', ...lines, ''].join('\r\n');
}

/** RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
