/** A new batch: drop an archive or a folder, or name a place in the server's storage. */
import { useRef, useState } from 'preact/hooks';
import { DropZone, FileButton } from '../parts/drop-zone.js';
import type { NamedFile } from '../parts/dropped-files.js';
import { ModelChoice } from '../parts/model-choice.js';
import { problemOf, ProblemNote, type Problem } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { goTo } from '../shell/route.js';
import { submitBatch, type BatchInput, type SubmitProgress } from './submit-batch.js';

export function NewBatch() {
  const [model, setModel] = useState<string>();
  const [preflight, setPreflight] = useState(true);
  const { progress, problem, submit, stop } = useSubmission(model, preflight);
  const take = (files: NamedFile[]): void => submit({ kind: 'files', files });
  if (progress)
    return (
      <section class="new-batch under-way" role="status">
        <p class="under-way-name">{progress.words}…</p>
        <progress max={1} aria-label="Progress" {...(progress.share === undefined ? {} : { value: progress.share })} />
        <button type="button" class="button" onClick={stop}>
          Stop
        </button>
      </section>
    );
  return (
    <section class="new-batch">
      <DropZone class="archive-drop" choose="Choose an archive" onFiles={take} accept=".zip,.tar,.tgz,.gz,.jsonl,.csv">
        <h1>A whole archive</h1>
        <p>Drop a zip, a tar or a folder with thousands of recordings. What was sent before is not sent again.</p>
        <div class="new-batch-options">
          <ModelChoice value={model} onChange={setModel} />
          <label class="check">
            <input
              type="checkbox"
              checked={preflight}
              onChange={(event) => setPreflight(event.currentTarget.checked)}
            />{' '}
            Check the files first
          </label>
        </div>
        <div class="second-choice">
          <FileButton choose="Choose a folder" folder onFiles={take} />
        </div>
      </DropZone>
      <PrefixForm onPrefix={(prefix) => submit({ kind: 'prefix', prefix })} />
      {problem && <ProblemNote problem={problem} />}
    </section>
  );
}

function useSubmission(model: string | undefined, preflight: boolean) {
  const { client } = useSession();
  const [progress, setProgress] = useState<SubmitProgress>();
  const [problem, setProblem] = useState<Problem>();
  const stopper = useRef(new AbortController());
  return {
    progress,
    problem,
    stop: () => stopper.current.abort(),
    submit: (input: BatchInput): void => {
      const stop = new AbortController();
      stopper.current = stop;
      setProblem(undefined);
      setProgress({ words: 'Starting' });
      submitBatch(client, { input, options: { model, preflight }, onProgress: setProgress, signal: stop.signal })
        .then(({ id }) => goTo({ view: 'archives', id }))
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setProblem(problemOf(error));
        })
        .finally(() => setProgress(undefined));
    },
  };
}

function PrefixForm({ onPrefix }: { onPrefix: (prefix: string) => void }) {
  const [prefix, setPrefix] = useState('');
  return (
    <form
      class="prefix-form"
      onSubmit={(event) => {
        event.preventDefault();
        onPrefix(prefix.trim());
      }}
    >
      <label for="prefix">Or everything under a place the server can read</label>
      <input
        id="prefix"
        type="text"
        required
        placeholder="s3://recordings/1998/"
        value={prefix}
        onInput={(event) => setPrefix(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Look there
      </button>
    </form>
  );
}
