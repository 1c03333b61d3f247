/** The files in the repository that are written from the source, so that a reader without a running system has them too. */
import { version } from '@timbre/shared/version';
import { buildOpenApiDocument } from '../document.js';
import { envExample } from './env-example.js';
import { errorReference } from './error-reference.js';

export interface ReferenceFile {
  /** From the root of the repository. */
  path: string;
  text: string;
}

/** The same text on every machine: nothing here depends on time, place or settings. */
export function referenceFiles(): ReferenceFile[] {
  const document = buildOpenApiDocument({ serverUrl: 'http://127.0.0.1:8080', version });
  return [
    { path: 'docs/errors.md', text: errorReference() },
    { path: 'docs/openapi.json', text: `${JSON.stringify(document, null, 2)}\n` },
    { path: '.env.example', text: envExample() },
  ];
}
