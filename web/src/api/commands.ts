/** The thing just done, as commands for other programs: curl, JavaScript, Python. */

export type Subject =
  | { kind: 'clip'; name: string; model?: string | undefined }
  | { kind: 'batch'; archive: string; model?: string | undefined }
  | { kind: 'results'; batchId: string };

export interface Commands {
  curl: string;
  JavaScript: string;
  Python: string;
}

export interface CommandOptions {
  /** `http://host:port` */
  origin: string;
  /** Whether the server wants a key; then the commands read it from `TIMBRE_KEY`. */
  withKey: boolean;
}

export function commandsFor(subject: Subject, options: CommandOptions): Commands {
  switch (subject.kind) {
    case 'clip':
      return clipCommands(subject, options);
    case 'batch':
      return batchCommands(subject, options);
    case 'results':
      return resultCommands(subject, options);
  }
}

/** One argument of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const curlKey = (withKey: boolean): string => (withKey ? ` -H "Authorization: Bearer $TIMBRE_KEY"` : '');
const jsHeaders = (withKey: boolean): string =>
  withKey ? `\n  headers: { authorization: \`Bearer \${process.env.TIMBRE_KEY}\` },` : '';
const pyHeaders = (withKey: boolean): string =>
  withKey ? `, headers={"Authorization": "Bearer " + os.environ["TIMBRE_KEY"]}` : '';
const pyImports = (withKey: boolean): string => (withKey ? 'import os\nimport requests' : 'import requests');

function clipCommands(
  { name, model }: Extract<Subject, { kind: 'clip' }>,
  { origin, withKey }: CommandOptions,
): Commands {
  const address = `${origin}/v1/classify`;
  const field = model === undefined ? '' : ` -F ${shellWord(`model=${model}`)}`;
  return {
    curl: `curl${curlKey(withKey)}${field} -F ${shellWord(`file=@${name}`)} ${address}`,
    JavaScript: `import { openAsBlob } from 'node:fs';

const form = new FormData();${model === undefined ? '' : `\nform.set('model', ${JSON.stringify(model)});`}
form.set('file', await openAsBlob(${JSON.stringify(name)}), ${JSON.stringify(name)});
const response = await fetch(${JSON.stringify(address)}, {
  method: 'POST',
  body: form,${jsHeaders(withKey)}
});
const job = await response.json();
console.log(job.result.label, job.result.segments);`,
    Python: `${pyImports(withKey)}

with open(${JSON.stringify(name)}, "rb") as clip:
    job = requests.post(${JSON.stringify(address)}, files={"file": clip}${model === undefined ? '' : `, data={"model": ${JSON.stringify(model)}}`}${pyHeaders(withKey)}).json()
print(job["result"]["label"], job["result"]["segments"])`,
  };
}

function batchCommands(
  { archive, model }: Extract<Subject, { kind: 'batch' }>,
  { origin, withKey }: CommandOptions,
): Commands {
  const query = model === undefined ? '' : `?model=${encodeURIComponent(model)}`;
  const address = `${origin}/v1/batches${query}`;
  return {
    curl: `curl${curlKey(withKey)} -H 'Content-Type: application/octet-stream' -T ${shellWord(archive)} -X POST ${shellWord(address)}`,
    JavaScript: `import { openAsBlob } from 'node:fs';

const response = await fetch(${JSON.stringify(address)}, {
  method: 'POST',
  body: await openAsBlob(${JSON.stringify(archive)}, { type: 'application/octet-stream' }),${jsHeaders(withKey)}
});
const batch = await response.json();
console.log(batch.id, batch.state);`,
    Python: `${pyImports(withKey)}

with open(${JSON.stringify(archive)}, "rb") as archive:
    batch = requests.post(${JSON.stringify(address)}, data=archive${pyHeaders(withKey)}).json()
print(batch["id"], batch["state"])`,
  };
}

function resultCommands(
  { batchId }: Extract<Subject, { kind: 'results' }>,
  { origin, withKey }: CommandOptions,
): Commands {
  const address = `${origin}/v1/batches/${batchId}/results?format=csv`;
  return {
    curl: `curl${curlKey(withKey)} -o results.csv ${shellWord(address)}`,
    JavaScript: `import { writeFile } from 'node:fs/promises';

const response = await fetch(${JSON.stringify(address)}, {${jsHeaders(withKey)}
});
await writeFile('results.csv', response.body);`,
    Python: `${pyImports(withKey)}

answer = requests.get(${JSON.stringify(address)}${pyHeaders(withKey)})
open("results.csv", "wb").write(answer.content)`,
  };
}
