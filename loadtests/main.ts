/**
 * Starts a system with three tenants, runs one load script against it with k6 and says what came of it; `mixed --write` puts the
 * report into docs/performance.md with a plot.
 *
 * Usage: npm run load -- mixed|steady|burst|archive|tenants|microphone [--seconds 600] [--rate 3] [--processes 1] [--write]
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { writePerformance } from '../bench/performance-doc.js';
import { createApiKey } from '../test/api-key.js';
import { tarOf } from '../test/archive.js';
import { plotOf, reportOf, type Summary } from './report.js';
import { watchSystem } from './watch-system.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '3' },
    processes: { type: 'string', default: '1' },
    clips: { type: 'string', default: '200' },
    write: { type: 'boolean', default: false },
  },
});
const script = positionals[0] ?? 'mixed';
const k6 = findK6();
const work = await mkdtemp(join(tmpdir(), 'timbre-load-'));
process.exitCode = await run();

async function run(): Promise<number> {
  const store = `file:${join(work, 'objects')}`;
  const keys = ['greedy', 'one', 'two'].map((tenant) => createApiKey(store, tenant));
  const processes = Number(values.processes);
  const system = await startSystem({
    objectStoreUrl: store,
    preprocess: processes,
    workers: processes,
    // Everybody is one of three tenants here, and a tenant's quota is not what is measured.
    env: { AUTH: 'keys', LOG_LEVEL: 'warn', MAX_UPLOADS_PER_TENANT: '1000' },
  });
  try {
    return await load(system, keys);
  } finally {
    await system.stop();
    await rm(work, { recursive: true, force: true });
  }
}

async function load(system: TestSystem, keys: string[]): Promise<number> {
  const archives = await makeArchives();
  const busy = loadavg()[0] ?? 0;
  const watch = watchSystem(system);
  const summaryPath = join(work, 'summary.json');
  const variables = {
    BASE_URL: system.url,
    KEYS: keys.join(','),
    ARCHIVES: archives.join(','),
    SECONDS: values.seconds,
    DURATION: `${values.seconds}s`,
    RATE: values.rate,
  };
  const child = spawn(
    k6,
    ['run', '--quiet', '--no-usage-report', '--summary-export', summaryPath, join(root, `loadtests/${script}.js`)],
    { env: { ...process.env, ...variables }, stdio: 'inherit' },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  const samples = await watch.stop();
  const summary = JSON.parse(await readFile(summaryPath, 'utf8')) as Summary;
  const lines = reportOf(summary, samples, {
    seconds: Number(values.seconds),
    processes: Number(values.processes),
    held: code === 0,
    busy: busy / availableParallelism(),
  });
  process.stdout.write(`${lines.join('\n')}\n`);
  if (values.write) {
    const picture = 'docs/pictures/load.svg';
    await writeFile(join(root, picture), plotOf(samples, Number(values.seconds)));
    const command = `npm run load -- ${script} --seconds ${values.seconds} --rate ${values.rate} --write`;
    await writePerformance('load', {
      heading: 'Mixed load: people, a burst, microphones, archives',
      lines: [...lines, '', '![Backlog and latency over the run](pictures/load.svg)'],
      command,
    });
  }
  return code ?? 1;
}

/** All clips of all archives differ. */
async function makeArchives(): Promise<string[]> {
  const clips = Number(values.clips);
  const paths: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const path = join(work, `archive-${index}.tar`);
    await writeFile(path, await tarOf(clips, { first: index * clips, prefix: `archive-${index}` }));
    paths.push(path);
  }
  return paths;
}

function findK6(): string {
  const built = join(root, '.cache/bin/k6');
  if (existsSync(built)) return built;
  if (spawnSync('k6', ['version']).status === 0) return 'k6';
  process.stderr.write(
    'k6 is not here: `GOBIN=$PWD/.cache/bin go install go.k6.io/k6@latest` builds it (https://k6.io)\n',
  );
  process.exit(3);
}
