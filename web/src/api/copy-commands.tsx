/** Shows commands to copy, for one language at a time. */
import { useState } from 'preact/hooks';
import { useSession } from '../server/session.js';
import { commandsFor, type Commands, type Subject } from './commands.js';

const languages = ['curl', 'JavaScript', 'Python'] as const satisfies (keyof Commands)[];

export function CopyCommands({ subject, open = false }: { subject: Subject; open?: boolean }) {
  const { apiKey } = useSession();
  const [language, setLanguage] = useState<keyof Commands>('curl');
  const [copied, setCopied] = useState(false);
  const text = commandsFor(subject, { origin: location.origin, withKey: apiKey !== undefined })[language];
  const commands = (
    <>
      <div class="commands-bar">
        <div class="choice" role="group" aria-label="Language">
          {languages.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === language}
              onClick={() => {
                setLanguage(name);
                setCopied(false);
              }}
            >
              {name}
            </button>
          ))}
        </div>
        <button
          type="button"
          class="button"
          onClick={() =>
            void navigator.clipboard.writeText(text).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </>
  );
  if (open) return <div class="commands">{commands}</div>;
  return (
    <details class="commands">
      <summary>The same from a program</summary>
      {commands}
    </details>
  );
}
