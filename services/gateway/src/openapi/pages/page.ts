/**
 * The frame of those pages: one style for light and dark, no script, and the content security policy that allows exactly
 * that style and nothing else.
 */
import { createHash } from 'node:crypto';
import { Markup, markup } from './markup.js';

const style = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6472; --paper: #fbfaf7; --panel: #f0eee8; --accent: #8a3b12; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e1; --soft: #a3a8b1; --paper: #16181d; --panel: #20242b; --accent: #f0a56b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem; }
p { margin: .5rem 0; }
.lead { color: var(--soft); font-size: 1.1rem; }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--panel); border-radius: .5rem; padding: .8rem 1rem; margin: .5rem 0; overflow-x: auto; }
ul { list-style: none; padding: 0; margin: .5rem 0; }
li { margin: .35rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.5rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** For answers with a page from `renderPage`. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function renderPage(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
}
