/** `timbre features`: tensor packs of a folder or list of clips, for training and for looking at what a model sees. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { featureSpecSchema, type FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { CliError } from '../cli-error.js';

const audioEndings = new Set(['.wav', '.mp3', '.flac', '.ogg', '.opus', '.webm', '.m4a', '.aac', '.aif', '.aiff']);

export function createFeaturesCommand(): Command {
  return new Command('features')
    .description('write tensor packs (safetensors) of clips with the code that serves')
    .argument('<input>', 'a folder (searched for audio files), or a text or csv file whose first column names files')
    .requiredOption('--spec <file>', 'feature spec, or a model card with one')
    .requiredOption('--out <folder>', 'where the packs and index.jsonl go')
    .option('--threads <n>', 'worker threads', (value) => Number(value), availableParallelism())
    .option('--ffmpeg <path>', 'ffmpeg for formats not decoded in process; default: searched in PATH')
    .action(async (input: string, options: { spec: string; out: string; threads: number; ffmpeg?: string }) => {
      const files = await listClips(input);
      if (files.length === 0) throw new CliError(`no audio files in ${input}`);
      const spec = await readSpec(options.spec);
      // Decoders are loaded by this command only: they would double the start-up time of the others.
      const { locateFfmpeg } = await import('@timbre/preprocess/audio/decode-clip');
      const { writeFeatureFolder } = await import('@timbre/preprocess/offline/feature-folder');
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      const report = progressLine(files.length);
      const rows = await writeFeatureFolder({
        spec,
        outDir: options.out,
        files,
        threads: options.threads,
        ffmpegPath: options.ffmpeg ?? locateFfmpeg(process.env['PATH']),
        signal: stop.signal,
        onProgress: report,
      });
      const failed = rows.filter(({ code }) => code !== undefined);
      process.stderr.write(`\n${rows.length - failed.length} packs in ${options.out}, ${failed.length} clips failed\n`);
      for (const { file, code } of failed.slice(0, 20)) process.stderr.write(`  ${code} ${file}\n`);
    });
}

async function readSpec(path: string): Promise<FeatureSpec> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  return featureSpecSchema.parse(json['features'] ?? json);
}

async function listClips(input: string): Promise<string[]> {
  if (!(await stat(input)).isDirectory()) {
    const lines = (await readFile(input, 'utf8')).split(/\r?\n/);
    const names = lines.map((line) => (line.split(',')[0] ?? '').replace(/^"|"$/g, '').trim());
    return names
      .filter((name) => audioEndings.has(extname(name).toLowerCase()))
      .map((name) => resolve(dirname(input), name));
  }
  const entries = await readdir(input, { recursive: true, withFileTypes: true });
  const clips = entries.filter((entry) => entry.isFile() && audioEndings.has(extname(entry.name).toLowerCase()));
  return clips.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function progressLine(total: number): (done: number, failed: number) => void {
  const started = performance.now();
  let shown = 0;
  return (done, failed) => {
    if (performance.now() - shown < 500 && done < total) return;
    shown = performance.now();
    const perSecond = done / ((shown - started) / 1000);
    const left = Math.round((total - done) / perSecond);
    process.stderr.write(`\r${done}/${total} clips, ${perSecond.toFixed(0)}/s, ${left} s left, ${failed} failed   `);
  };
}
