/** How good is a model on clips whose instruments are known: drop a labelled folder, read the figures. */
import { useState } from 'preact/hooks';
import type { BatchContent, BatchOptions } from '@timbre/client';
import { SubmissionProgress, useSubmission } from '../archives/submission.js';
import { DropZone, FileButton } from '../parts/drop-zone.js';
import type { NamedFile } from '../parts/dropped-files.js';
import { ModelChoice } from '../parts/model-choice.js';
import { ProblemNote } from '../parts/problem.js';
import { callServer } from '../server/call.js';
import { useSession } from '../server/session.js';
import { goTo } from '../shell/route.js';
import { EvaluationPanel } from './evaluation-panel.js';

export function EvaluateView({ id }: { id: string | undefined }) {
  return id === undefined ? <NewEvaluation /> : <EvaluationPanel key={id} id={id} />;
}

function NewEvaluation() {
  const { apiKey } = useSession();
  const [model, setModel] = useState<string>();
  const { progress, problem, submit, stop } = useSubmission({ model }, async (content, options, signal) => {
    const { id } = await postEvaluation(content, options, { apiKey, signal });
    goTo({ view: 'evaluate', id });
    return id;
  });
  const take = (files: NamedFile[]): void => submit({ kind: 'files', files });
  if (progress) return <SubmissionProgress progress={progress} onStop={stop} />;
  return (
    <section class="new-batch">
      <DropZone class="archive-drop" choose="Choose a folder" folder onFiles={take}>
        <h1>How well does it hear?</h1>
        <p>Drop a folder, or an archive of one, in which each recording lies in a folder named after its instrument.</p>
        <FolderPicture />
        <ModelChoice value={model} onChange={setModel} />
        <div class="second-choice">
          <FileButton choose="Choose an archive" accept=".zip,.tar,.tgz,.gz,.jsonl,.csv" onFiles={take} />
        </div>
      </DropZone>
      {problem && <ProblemNote problem={problem} />}
    </section>
  );
}

function FolderPicture() {
  const { defaultModel } = useSession();
  const [first = 'drums', second = 'violin'] = defaultModel ? [defaultModel.labels[0], defaultModel.labels.at(-1)] : [];
  return (
    <pre class="folder-picture" aria-label="How the folder is laid out">
      {`recordings/\n  ${first}/   take1.wav  take2.flac\n  ${second}/   a.mp3  b.ogg\n  flute/   what the model does not know`}
    </pre>
  );
}

interface PostOptions {
  apiKey: string | undefined;
  signal: AbortSignal;
}

/** Takes what `POST /v1/batches` takes. */
async function postEvaluation(
  content: BatchContent,
  options: BatchOptions,
  { apiKey, signal }: PostOptions,
): Promise<{ id: string }> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if ('source' in content)
    return callServer('/v1/evaluations', apiKey, {
      method: 'POST',
      body: JSON.stringify({ ...Object.fromEntries(given), source: content.source }),
      headers: { 'content-type': 'application/json' },
      signal,
    });
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const type = options.format === 'jsonl' ? 'application/x-ndjson' : options.format === 'csv' ? 'text/csv' : undefined;
  return callServer(`/v1/evaluations?${query.toString()}`, apiKey, {
    method: 'POST',
    body: content.body,
    headers: { 'content-type': type ?? 'application/octet-stream' },
    signal,
  });
}
