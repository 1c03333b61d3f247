/** What an error code means, for the person whose program met it: as a page, and as text for a terminal. */
import { errorCatalog, type ErrorCode } from '@timbre/shared/error-catalog';
import { markup, withCode, type Markup } from './markup.js';
import { renderPage } from './page.js';

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalog, code);
}

function facts(code: ErrorCode): [name: string, value: string][] {
  const { level, status, retryable, remedy } = errorCatalog[code];
  const scope =
    level === 'request'
      ? `The request; it is answered with HTTP status ${status}`
      : `One clip; its job ends as \`failed\`, and other clips are not touched`;
  return [
    ['What helps', remedy],
    ['Concerns', scope],
    ['Send it again unchanged', retryable ? 'Yes, it may succeed later.' : 'No, the answer would be the same.'],
  ];
}

export function problemPage(code: ErrorCode): string {
  const rows: Markup[] = facts(code).map(([name, value]) => markup`<dt>${name}</dt><dd>${withCode(value)}</dd>\n`);
  return renderPage(
    `${code} · Timbre`,
    markup`<h1><code>${code}</code></h1>
<p class="lead">${withCode(errorCatalog[code].title)}.</p>
<dl>
${rows}</dl>
<p><a href="/docs">API documentation</a></p>`,
  );
}

export function problemText(code: ErrorCode): string {
  const lines = facts(code).map(([name, value]) => `${name}: ${value}`);
  return `${code}: ${errorCatalog[code].title}.\n\n${lines.join('\n')}\n`;
}
