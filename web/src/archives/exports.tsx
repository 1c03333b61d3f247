/** Results in every format, rendered with the threshold the person wants. */
import { useState } from 'preact/hooks';
import type { BatchView } from '@timbre/shared/contracts/batch';
import type { ResultFormat } from '@timbre/shared/contracts/batch-results';
import { CopyCommands } from '../api/copy-commands.js';
import { download } from '../parts/download.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';

const formats: readonly (readonly [format: ResultFormat, title: string, extension: string])[] = [
  ['csv', 'CSV', 'csv'],
  ['jsonl', 'JSON lines', 'jsonl'],
  ['parquet', 'Parquet', 'parquet'],
  ['audacity', 'Audacity labels', 'zip'],
  ['raven', 'Raven table', 'txt'],
];

export function Exports({ batch }: { batch: BatchView }) {
  const { client, apiKey } = useSession();
  const [threshold, setThreshold] = useState('');
  const [busy, setBusy] = useState<ResultFormat>();
  const [problem, setProblem] = useState<Problem>();
  const options = threshold === '' ? {} : { threshold: Number(threshold) };
  const save = async (format: ResultFormat, extension: string): Promise<void> => {
    setBusy(format);
    setProblem(undefined);
    try {
      const { body } = await client.batches.results(batch.id, { format, ...options });
      download(
        `${batch.name}.${extension}`,
        await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).blob(),
      );
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(undefined);
  };
  return (
    <section class="panel exports">
      <h2>Take the results with you</h2>
      <label class="model-choice">
        Unknown below{' '}
        <input
          type="number"
          min="0"
          max="1"
          step="0.05"
          placeholder="as the model says"
          value={threshold}
          onInput={(event) => setThreshold(event.currentTarget.value)}
        />
      </label>
      <div class="export-links">
        {formats.map(([format, title, extension]) =>
          // A link can carry no key, and without one it needs no memory.
          apiKey === undefined ? (
            <a
              key={format}
              class="button"
              href={`/v1/batches/${batch.id}/results?${new URLSearchParams({ format, ...(threshold === '' ? {} : { threshold }) }).toString()}`}
              download
            >
              {title}
            </a>
          ) : (
            <button
              key={format}
              type="button"
              class="button"
              disabled={busy !== undefined}
              onClick={() => void save(format, extension)}
            >
              {busy === format ? 'Fetching…' : title}
            </button>
          ),
        )}
      </div>
      {problem && <ProblemNote problem={problem} />}
      <CopyCommands subject={{ kind: 'results', batchId: batch.id }} />
    </section>
  );
}
