/** Writes the files of a report: figures as JSON, words as Markdown, pictures, and one line for each clip. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FailedClip, JudgedClip } from '../judged-clip.js';
import { confusionPicture } from '../pictures/confusion-picture.js';
import { reliabilityPicture } from '../pictures/reliability-picture.js';
import type { EvaluationReport } from './evaluation-report.js';
import { markdownReport } from './markdown-report.js';

export interface ReportedClips {
  judged: JudgedClip[];
  failed: FailedClip[];
}

/** @returns the names of the files written into `folder` */
export async function writeReport(
  folder: string,
  report: EvaluationReport,
  { judged, failed }: ReportedClips,
): Promise<string[]> {
  const { figures, model } = report;
  const title = `${model.id} on ${basename(report.folder)}`;
  const files: Record<string, string> = {
    'report.json': `${JSON.stringify(report, undefined, 2)}\n`,
    'report.md': markdownReport(report),
    'clips.jsonl': [...judged, ...failed].map((clip) => `${JSON.stringify(clip)}\n`).join(''),
    'confusion.svg': confusionPicture(figures.confusion, title),
    'reliability.svg': reliabilityPicture(figures.calibration, title),
  };
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  return Object.keys(files);
}
