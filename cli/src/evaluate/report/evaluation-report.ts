/** The report of one evaluation: everything that is printed, written and drawn derives from this object. Pure. */
import type { FailedClip, JudgedClip } from '../judged-clip.js';
import { figuresOf, worstMistakes, type Figures } from '@timbre/shared/results/figures';

export interface EvaluationReport {
  /** Version of this layout. */
  v: 1;
  evaluatedAt: string;
  /** As the person typed it. */
  folder: string;
  split: string | null;
  /** Where the labels came from. */
  labelSource: string;
  model: {
    id: string;
    version: string;
    title: string;
    labels: string[];
    unknownThreshold: number;
    modelDigest: string;
  };
  system: { url: string; temporary: boolean; version: string | null };
  clips: { total: number; judged: number; failed: number; unlabelled: number; foreignLabels: string[] };
  speed: {
    wallSeconds: number;
    clipsPerSecond: number;
    audioSeconds: number;
    /** Medians over clips, of the jobs' own timings, while many clips were in work. */
    medianPreprocessMs: number | null;
    medianInferMs: number | null;
    /** Only where the system ran on this machine. */
    processor: string | null;
  };
  figures: Figures;
  failures: FailureGroup[];
  mistakes: Mistake[];
  /** What a reader should know before believing the figures. */
  warnings: string[];
}

export interface FailureGroup {
  code: string;
  clips: FailedClip[];
}

export interface Mistake {
  name: string;
  truth: string;
  label: string;
  decision: string;
  confidence: number;
  jobId: string;
}

export type ReportContext = Omit<
  EvaluationReport,
  'v' | 'clips' | 'speed' | 'figures' | 'failures' | 'mistakes' | 'warnings'
> & {
  unlabelled: number;
  foreignLabels: string[];
  wallSeconds: number;
  processor: string | null;
};

export function reportOf(judged: JudgedClip[], failed: FailedClip[], context: ReportContext): EvaluationReport {
  const { unlabelled, foreignLabels, wallSeconds, processor, ...facts } = context;
  const total = judged.length + failed.length;
  return {
    v: 1,
    ...facts,
    clips: { total, judged: judged.length, failed: failed.length, unlabelled, foreignLabels },
    speed: {
      wallSeconds,
      clipsPerSecond: total / Math.max(wallSeconds, 1e-3),
      audioSeconds: judged.reduce((sum, { durationSeconds }) => sum + (durationSeconds ?? 0), 0),
      medianPreprocessMs: medianMs(judged.map(({ preprocessSeconds }) => preprocessSeconds)),
      medianInferMs: medianMs(judged.map(({ inferSeconds }) => inferSeconds)),
      processor,
    },
    figures: figuresOf(judged, facts.model.labels),
    failures: groupByCode(failed),
    mistakes: worstMistakes(judged).map(({ name, truth, label, decision, confidence, jobId }) => ({
      name,
      truth,
      label,
      decision,
      confidence,
      jobId,
    })),
    warnings: warningsOf(judged, context),
  };
}

/** Most frequent code first. */
function groupByCode(failed: FailedClip[]): FailureGroup[] {
  const groups = new Map<string, FailedClip[]>();
  for (const clip of failed) groups.set(clip.code, [...(groups.get(clip.code) ?? []), clip]);
  return [...groups]
    .map(([code, clips]) => ({ code, clips }))
    .sort((a, b) => b.clips.length - a.clips.length || (a.code < b.code ? -1 : 1));
}

function warningsOf(judged: JudgedClip[], { model, unlabelled, foreignLabels }: ReportContext): string[] {
  const warnings: string[] = [];
  if (foreignLabels.length > 0)
    warnings.push(`taken as foreign sounds, where \`unknown\` or \`mute\` is right: ${foreignLabels.join(', ')}`);
  if (unlabelled > 0) warnings.push(`${unlabelled} audio files have no label and were left out`);
  const others = new Set(judged.map(({ modelDigest }) => modelDigest).filter((digest) => digest !== model.modelDigest));
  if (others.size > 0)
    warnings.push('the model changed while clips were in work: some were answered by another version of it');
  return warnings;
}

function medianMs(seconds: (number | undefined)[]): number | null {
  const sorted = seconds.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? null : middle * 1000;
}
