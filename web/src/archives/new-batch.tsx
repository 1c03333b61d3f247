/** A new batch: drop an archive or a folder, or name a place in the server's storage. */
import { useState } from 'preact/hooks';
import { DropZone, FileButton } from '../parts/drop-zone.js';
import type { NamedFile } from '../parts/dropped-files.js';
import { ModelChoice } from '../parts/model-choice.js';
import { ProblemNote } from '../parts/problem.js';
import { useSession } from '../server/session.js';
import { goTo } from '../shell/route.js';
import { SubmissionProgress, useSubmission } from './submission.js';

export function NewBatch() {
  const [model, setModel] = useState<string>();
  const [preflight, setPreflight] = useState(true);
  const { client } = useSession();
  const { progress, problem, submit, stop } = useSubmission({ model, preflight }, async (content, options, signal) => {
    const { batch } = await client.batches.submit(content, options, { signal });
    goTo({ view: 'archives', id: batch.id });
    return batch.id;
  });
  const take = (files: NamedFile[]): void => submit({ kind: 'files', files });
  if (progress) return <SubmissionProgress progress={progress} onStop={stop} />;
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
