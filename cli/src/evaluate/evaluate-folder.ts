/** One evaluation on a system that runs: which model answers, all clips through it, and the report of it. */
import { CliError } from '../cli-error.js';
import { createTimbreClient } from '@timbre/client';
import type { Invocation } from '../invocation.js';
import { createEvaluationProgress } from './evaluation-progress.js';
import type { LabelledFolder } from './labelled-clips.js';
import { requireModel } from './model-of-server.js';
import { reportOf, type EvaluationReport } from './report/evaluation-report.js';
import type { ReportedClips } from './report/write-report.js';
import { runClips } from './run-clips.js';
import { truthsOf } from './truth.js';

export interface EvaluationSystem {
  url: string;
  /** Ends with the evaluation. */
  temporary: boolean;
  /** What it runs on, where that is known. */
  processor: string | null;
}

export interface EvaluationRequest {
  /** As typed. */
  folder: string;
  found: LabelledFolder;
  model: string | undefined;
  split: string | undefined;
  renamed: ReadonlyMap<string, string>;
  parallel: number;
  apiKey: string | undefined;
}

export interface Evaluation extends ReportedClips {
  report: EvaluationReport;
}

/** @throws CliError when no clip was judged, naming what went wrong */
export async function evaluateFolder(
  { report: say }: Pick<Invocation, 'report'>,
  request: EvaluationRequest,
  { system, signal }: { system: EvaluationSystem; signal: AbortSignal },
): Promise<Evaluation> {
  const { found, apiKey, renamed, parallel } = request;
  const model = await requireModel({ baseUrl: system.url, apiKey, signal }, request.model);
  const truths = truthsOf(
    found.clips.map(({ label }) => label),
    model.labels,
    renamed,
  );
  say(`${found.clips.length} clips through ${model.id} ${model.version} at ${system.url}`);
  const startedAt = new Date();
  const outcomes = await withProgress(found.clips.length, say, (onDone) =>
    runClips(found.clips, {
      jobs: createTimbreClient({ baseUrl: system.url, apiKey }).jobs,
      model: model.id,
      truths: truths.byLabel,
      parallel,
      signal,
      onDone,
    }),
  );
  const judged = outcomes.flatMap((outcome) => ('judged' in outcome ? [outcome.judged] : []));
  const failed = outcomes.flatMap((outcome) => ('failed' in outcome ? [outcome.failed] : []));
  const [first] = failed;
  if (judged.length === 0 && first)
    throw new CliError(`all ${failed.length} clips failed, the first with ${first.code}: ${first.detail}`);
  const report = reportOf(judged, failed, {
    evaluatedAt: startedAt.toISOString(),
    folder: request.folder,
    split: request.split ?? null,
    labelSource: found.source,
    model: {
      id: model.id,
      version: model.version,
      title: model.title,
      labels: model.labels,
      unknownThreshold: model.thresholds.unknown,
      modelDigest: model.modelDigest,
    },
    system: { url: system.url, temporary: system.temporary, version: judged[0]?.version ?? null },
    unlabelled: found.unlabelled,
    foreignLabels: truths.foreign,
    wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
    processor: system.processor,
  });
  return { report, judged, failed };
}

async function withProgress<T>(
  total: number,
  report: (line: string) => void,
  work: (onDone: (outcome: object) => void) => Promise<T>,
): Promise<T> {
  const progress = createEvaluationProgress({ total, isTerminal: process.stderr.isTTY, report });
  try {
    return await work((outcome) => progress.advance('failed' in outcome));
  } finally {
    progress.finish();
  }
}
