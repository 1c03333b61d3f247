/** `npm run bench -- kernel|pipeline|archive|scale|rival [--write]`: measures, prints, and with `--write` puts the figures into docs/performance.md. */
import { runArchiveBench } from './archive.js';
import { kernelSection } from './kernel-section.js';
import { runPipelineBench } from './pipeline.js';
import { runRivalBench } from './rival.js';
import { runScaleBench } from './scale.js';
import { writePerformance } from './performance-doc.js';

const benches: Record<string, () => Promise<{ heading: string; lines: string[] }>> = {
  kernel: kernelSection,
  pipeline: runPipelineBench,
  archive: runArchiveBench,
  scale: runScaleBench,
  rival: runRivalBench,
};

// As in the worker: no usage data to the maker of ONNX Runtime.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('-'));
if (args.includes('--help') || names.some((name) => !Object.hasOwn(benches, name))) {
  console.log(`usage: npm run bench -- [${Object.keys(benches).join('|')}] [--write]`);
  process.exit(args.includes('--help') ? 0 : 2);
}
for (const name of names.length > 0 ? names : Object.keys(benches)) {
  const section = await benches[name]?.();
  if (!section) continue;
  console.log(`\n${section.heading}\n\n${section.lines.join('\n')}`);
  if (args.includes('--write')) await writePerformance(name, section);
}
