/** The kernel benchmark as a section of docs/performance.md. */
import { runKernelBench, type KernelContender } from './kernel.js';
import type { Section } from './performance-doc.js';

/** Rivals in Python take part when TIMBRE_BENCH_PYTHON names an interpreter that has them. */
export async function kernelSection(): Promise<Section> {
  const { cases, absent } = await runKernelBench(process.env['TIMBRE_BENCH_PYTHON']);
  return {
    heading: 'Feature kernel: one core, against the usual libraries',
    lines: [
      'Processor time of one thread, the same clip and spec, rounds by turns; median of the per-round ratios.',
      '',
      '| case | contender | times realtime | µs per frame | times slower | largest difference from ours |',
      '| --- | --- | --- | --- | --- | --- |',
      ...cases.flatMap(({ name, contenders }) => contenders.map((contender) => row(name, contender))),
      ...absent.map((reason) => `\nNot measured: ${reason}.`),
    ],
  };
}

function row(name: string, { deviation, ...contender }: KernelContender): string {
  const cells = [
    name,
    contender.name,
    contender.realTimeFactor.toFixed(0),
    contender.microsecondsPerFrame.toFixed(2),
    contender.timesSlower.toFixed(2),
    deviation?.toExponential(1) ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}
