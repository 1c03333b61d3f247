/** Asks for an API key, where the server wants one. It stays in this tab and is gone with it. */
import { useState } from 'preact/hooks';
import { useSession } from '../server/session.js';

export function KeyGate() {
  const { setApiKey, keyProblem } = useSession();
  const [key, setKey] = useState('');
  return (
    <section class="gate">
      <h1>This server asks for a key</h1>
      <p>
        Whoever runs it makes one with <code>timbre keys create</code>. It is kept for this tab only, and sent to this
        server only.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setApiKey(key.trim());
        }}
      >
        <label for="api-key">API key</label>
        <input
          id="api-key"
          type="password"
          autocomplete="off"
          required
          value={key}
          aria-describedby={keyProblem ? 'key-problem' : undefined}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <button type="submit" class="button button-strong">
          Use this key
        </button>
      </form>
      {keyProblem && (
        <p class="problem" id="key-problem" role="alert">
          {keyProblem}
        </p>
      )}
    </section>
  );
}
