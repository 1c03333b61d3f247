/** What a batch adds up to, counted over a stream of its clips. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import type { BatchSummary } from '../contracts/batch-summary.js';
import type { JobResult } from '../contracts/job.js';
import { ConfusionCounter } from './confusion.js';
import { decidedName, MUTE, truthsBy, UNKNOWN } from './expected-label.js';
import { shareOf } from './share.js';

const confidenceBins = 20;
const maxForeignLabels = 100;

/** @param labels of the model; empty for a preflight */
export async function summarize(items: AsyncIterable<ItemResult>, labels: readonly string[]): Promise<BatchSummary> {
  const summary = new SummaryCounter(labels);
  for await (const item of items) summary.add(item);
  return summary.report();
}

/** Memory grows with labels, error codes and formats, not with clips. */
export class SummaryCounter {
  readonly #clips = { total: 0, succeeded: 0, failed: 0, reused: 0, duplicates: 0 };
  readonly #failures = new Tally();
  readonly #formats = new Tally();
  readonly #decided = new Tally();
  readonly #segments = new Tally();
  readonly #seconds = new Tally();
  readonly #confidence = new Array<number>(confidenceBins).fill(0);
  readonly #durations = new DurationCounter();
  readonly #agreement: AgreementCounter;
  readonly #labels: readonly string[];

  constructor(labels: readonly string[]) {
    this.#labels = labels;
    this.#agreement = new AgreementCounter(labels);
  }

  add(item: ItemResult): void {
    this.#clips.total++;
    this.#clips[item.state]++;
    if (item.reused) this.#clips.reused++;
    if (item.duplicateOf !== undefined) this.#clips.duplicates++;
    if (item.error) this.#failures.add(item.error.code);
    if (item.clip.format !== undefined) this.#formats.add(item.clip.format);
    if (item.clip.durationSeconds !== undefined) this.#durations.add(item.clip.durationSeconds);
    if (item.result) this.#addResult(item.result);
    this.#agreement.add(item);
  }

  report(): BatchSummary {
    const withResult = this.#decided.sum();
    const agreement = this.#agreement.report();
    return {
      clips: { ...this.#clips },
      instruments: this.#instruments(),
      unknown: shareOf(this.#decided.of(UNKNOWN), withResult),
      mute: shareOf(this.#decided.of(MUTE), withResult),
      confidence: this.#confidence.map((clips, bin) => ({
        from: bin / confidenceBins,
        to: (bin + 1) / confidenceBins,
        clips,
      })),
      failuresByCode: this.#failures.record(),
      durations: this.#durations.report(),
      formats: this.#formats.record(),
      ...(agreement && { agreement }),
    };
  }

  #addResult(result: JobResult): void {
    this.#decided.add(decidedName(result));
    // The confidence of mute is 1 by definition and says nothing about the model.
    if (result.decision !== 'mute') {
      const bin = Math.min(confidenceBins - 1, Math.floor(result.confidence * confidenceBins));
      this.#confidence[bin] = (this.#confidence[bin] ?? 0) + 1;
    }
    for (const { label, startSeconds, endSeconds } of result.segments) {
      this.#segments.add(label);
      this.#seconds.add(label, endSeconds - startSeconds);
    }
  }

  /** Every label of the model, heard or not, and whatever else was decided (by a model that stood in). */
  #instruments(): BatchSummary['instruments'] {
    const names = new Set([...this.#labels, ...this.#decided.names(), ...this.#segments.names()]);
    names.delete(UNKNOWN);
    names.delete(MUTE);
    const heard = (name: string) => ({
      name,
      clips: this.#decided.of(name),
      segments: this.#segments.of(name),
      hours: this.#seconds.of(name) / 3600,
    });
    const labels = [...names].map(heard).sort((a, b) => b.hours - a.hours);
    return this.#clips.total === 0 || this.#decided.sum() === 0 ? labels : [...labels, heard(UNKNOWN), heard(MUTE)];
  }
}

class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string, amount = 1): void {
    this.#counts.set(name, this.of(name) + amount);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  names(): string[] {
    return [...this.#counts.keys()];
  }

  sum(): number {
    return [...this.#counts.values()].reduce((a, b) => a + b, 0);
  }

  record(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

class DurationCounter {
  #clips = 0;
  #totalSeconds = 0;
  #shortest = Infinity;
  #longest = -Infinity;

  add(seconds: number): void {
    this.#clips++;
    this.#totalSeconds += seconds;
    this.#shortest = Math.min(this.#shortest, seconds);
    this.#longest = Math.max(this.#longest, seconds);
  }

  report(): BatchSummary['durations'] {
    const some = this.#clips > 0;
    return {
      clips: this.#clips,
      totalSeconds: this.#totalSeconds,
      meanSeconds: some ? this.#totalSeconds / this.#clips : null,
      shortestSeconds: some ? this.#shortest : null,
      longestSeconds: some ? this.#longest : null,
    };
  }
}

/** How often the model says what the sender expected. */
class AgreementCounter {
  readonly #confusion: ConfusionCounter;
  readonly #truthOf: ReturnType<typeof truthsBy>;
  readonly #foreign = new Tally();
  readonly #labels: ReadonlySet<string>;
  #expected = 0;
  #judged = 0;
  #right = 0;
  #failed = 0;

  constructor(labels: readonly string[]) {
    this.#confusion = new ConfusionCounter(labels);
    this.#truthOf = truthsBy(labels);
    this.#labels = new Set([...labels, UNKNOWN, MUTE]);
  }

  add({ expected, state, result }: ItemResult): void {
    if (expected === undefined) return;
    this.#expected++;
    if (state === 'failed') this.#failed++;
    const truth = this.#truthOf(expected);
    const known = this.#foreign.of(expected) > 0 || this.#foreign.names().length < maxForeignLabels;
    if (truth.foreign && known) this.#foreign.add(expected);
    if (!result) return;
    const decision = decidedName(result);
    this.#judged++;
    if (decision === truth.name) this.#right++;
    // A label of a model that stood in has no place in the matrix; it is wrong all the same.
    if (this.#labels.has(decision)) this.#confusion.add({ truth: truth.name, decision });
  }

  report(): BatchSummary['agreement'] {
    if (this.#expected === 0) return undefined;
    return {
      accuracy: shareOf(this.#right, this.#judged),
      failed: this.#failed,
      confusion: this.#confusion.matrix(),
      foreignLabels: this.#foreign.record(),
    };
  }
}
