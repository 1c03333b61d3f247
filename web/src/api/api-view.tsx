/** For programs: the documentation, the key of this tab, the limits in force, and commands to begin with. */
import fontLicence from '@fontsource-variable/instrument-sans/LICENSE?url';
import { useEffect, useState } from 'preact/hooks';
import type { Limits } from '@timbre/client';
import { Facts, Panel, type FactRow } from '../classify/result-view.js';
import { count, percent, size, span } from '../parts/figures.js';
import { useSession } from '../server/session.js';
import { CopyCommands } from './copy-commands.js';

export function ApiView() {
  return (
    <div class="api">
      <h1>From your own programs</h1>
      <p class="lead">
        Whatever this page does, it does by the public interface. <a href="/docs">Every call, with a form to try it</a>,
        or <a href="/openapi.json">the OpenAPI document</a> for tools.
      </p>
      <div class="api-grid">
        <Panel title="Classify one clip">
          <CopyCommands open subject={{ kind: 'clip', name: 'take3.wav' }} />
        </Panel>
        <Panel title="Classify an archive">
          <CopyCommands open subject={{ kind: 'batch', archive: 'recordings.zip' }} />
        </Panel>
        <Panel title="Key">
          <OwnKey />
        </Panel>
        <Panel title="Models">
          <ModelList />
        </Panel>
        <LimitsPanel />
      </div>
      <p class="soft">
        Set in <a href={fontLicence}>Instrument Sans</a> (SIL Open Font License 1.1).
      </p>
    </div>
  );
}

function OwnKey() {
  const { apiKey, setApiKey, connection } = useSession();
  const [draft, setDraft] = useState('');
  if (apiKey !== undefined)
    return (
      <>
        <p>
          This tab uses the key that begins with <code>{apiKey.slice(0, 8)}…</code>
        </p>
        <button type="button" class="button" onClick={() => setApiKey(undefined)}>
          Forget it
        </button>
      </>
    );
  return (
    <>
      <p>
        {connection === 'ready' ? 'This server answers without a key.' : 'No key is in use.'} Keys are made where it
        runs, with <code>timbre keys create</code>.
      </p>
      <form
        class="prefix-form"
        onSubmit={(event) => {
          event.preventDefault();
          setApiKey(draft.trim());
        }}
      >
        <label for="own-key">Use a key in this tab</label>
        <input
          id="own-key"
          type="password"
          autocomplete="off"
          required
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          Use
        </button>
      </form>
    </>
  );
}

function ModelList() {
  const { models } = useSession();
  return (
    <ul class="model-list">
      {models.map(({ id, title, metrics, labels, isDefault }) => {
        const [measured] = metrics;
        return (
          <li key={id}>
            <strong>{title}</strong> <code>{id}</code>
            {isDefault && ' · default'}
            <br />
            <span class="soft">
              {labels.join(', ')}
              {measured &&
                ` · ${percent(measured.accuracy, 1)} of ${count(measured.clips)} clips right (${measured.set})`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function LimitsPanel() {
  const { client, visits } = useSession();
  const [limits, setLimits] = useState<Limits>();
  useEffect(() => {
    const stop = new AbortController();
    // Without them the panel is left out.
    client.system.limits({ signal: stop.signal }).then(setLimits, () => undefined);
    return () => stop.abort();
  }, [client, visits]);
  if (!limits) return null;
  const rows: FactRow[] = [
    ['One clip', `${size(limits.file.maxBytes)}, ${span(limits.file.maxDurationSeconds)}`],
    ['One upload', size(limits.uploads.maxBytes)],
    ['Uploads at once', count(limits.uploads.parallelPerTenant)],
    ['Requests', `${count(limits.requests.perSecond)} a second`],
    ['Open streams', count(limits.streams.openPerTenant)],
    ['Results are kept', span(limits.jobs.retentionSeconds)],
  ];
  return (
    <Panel title="Limits">
      <Facts rows={rows} />
    </Panel>
  );
}
