/** The columns of the flat formats, the same for CSV and Parquet. Names and order are stable; new ones go to the end. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import { isCorrect, truthsBy } from './expected-label.js';
import { itemJobId } from './item-view.js';

/** What a format has to know about the whole. */
export interface ResultContext {
  batchId: string;
  /** Of the model, in its order: one score column each. Empty for a preflight. */
  labels: readonly string[];
  /** Start CSV with a UTF-8 byte order mark, without which Excel takes other encodings. */
  byteOrderMark?: boolean | undefined;
}

export type Cell = string | number | boolean | Date | undefined;
export type ColumnType = 'STRING' | 'DOUBLE' | 'INT32' | 'INT64' | 'BOOLEAN' | 'TIMESTAMP';

export interface ResultColumn {
  name: string;
  type: ColumnType;
  cellOf: (item: ItemResult) => Cell;
}

const column = (name: string, type: ColumnType, cellOf: ResultColumn['cellOf']): ResultColumn => ({
  name,
  type,
  cellOf,
});

export function resultColumns({ batchId, labels }: ResultContext): ResultColumn[] {
  const truthOf = truthsBy(labels);
  return [
    column('path', 'STRING', (item) => item.path),
    column('id', 'STRING', (item) => item.id),
    column('state', 'STRING', (item) => item.state),
    column('decision', 'STRING', ({ result }) => result?.decision),
    column('label', 'STRING', ({ result }) => result?.label ?? undefined),
    column('confidence', 'DOUBLE', ({ result }) => result?.confidence),
    ...labels.map((label) => column(`score_${label}`, 'DOUBLE', ({ result }) => result?.scores[label])),
    column('durationSeconds', 'DOUBLE', ({ clip }) => clip.durationSeconds),
    column('sampleRateHz', 'DOUBLE', ({ clip }) => clip.sampleRateHz),
    column('channels', 'INT32', ({ clip }) => clip.channels),
    column('format', 'STRING', ({ clip }) => clip.format),
    column('peakDbfs', 'DOUBLE', ({ result }) => result?.quality.peakDbfs),
    column('rmsDbfs', 'DOUBLE', ({ result }) => result?.quality.rmsDbfs),
    column('segmentCount', 'INT32', ({ result }) => result?.segments.length),
    column('errorCode', 'STRING', ({ error }) => error?.code),
    column('errorDetail', 'STRING', ({ error }) => error?.detail),
    column('expected', 'STRING', (item) => item.expected),
    column('correct', 'BOOLEAN', (item) => isCorrect(item, truthOf)),
    column('reused', 'STRING', ({ reused }) => reused && itemJobId(reused.batchId, reused.index)),
    column('sha256', 'STRING', ({ clip }) => clip.sha256),
    column('jobId', 'STRING', ({ index }) => itemJobId(batchId, index)),
    column('index', 'INT32', ({ index }) => index),
    column('duplicateOf', 'INT32', (item) => item.duplicateOf),
    column('bytes', 'INT64', ({ clip }) => clip.bytes),
    column('codec', 'STRING', ({ clip }) => clip.codec),
    column('warnings', 'STRING', ({ result }) => result && result.warnings.join('; ')),
    column('modelDigest', 'STRING', (item) => item.modelDigest),
    column('finishedAt', 'TIMESTAMP', (item) => new Date(item.finishedAtMs)),
  ];
}
