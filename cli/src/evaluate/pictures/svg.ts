/**
 * The little SVG that our pictures need. A picture brings its own background and two sets of colours, and takes the one of
 * the reader's colour scheme, so that it can be read in a light page and in a dark one. Pure.
 */

export interface Picture {
  width: number;
  height: number;
  /** Said by screen readers in place of the picture. */
  title: string;
  description: string;
  body: string[];
}

const LIGHT = 'background:#ffffff;text:#1f2328;soft:#59636e;line:#d1d9e0;good:#1f6feb;bad:#bc4c00;third:#1a7f37';
const DARK = 'background:#0d1117;text:#f0f6fc;soft:#9198a1;line:#3d444d;good:#58a6ff;bad:#f0883e;third:#3fb950';

const variables = (set: string) =>
  set
    .split(';')
    .map((pair) => `--${pair}`)
    .join(';');

// Plain colours come first for viewers that know no variables (rsvg, some mail programs).
const STYLE = `
  svg { ${variables(LIGHT)}; }
  @media (prefers-color-scheme: dark) { svg { ${variables(DARK)}; } }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; fill: var(--text); }
  .title { font-size: 15px; font-weight: 600; }
  .small { font-size: 11px; }
  .soft { fill: #59636e; fill: var(--soft); }
  .page { fill: #ffffff; fill: var(--background); }
  .line { stroke: #d1d9e0; stroke: var(--line); fill: none; }
  .axis { stroke: #59636e; stroke: var(--soft); fill: none; }
  .good { fill: #1f6feb; fill: var(--good); }
  .bad { fill: #bc4c00; fill: var(--bad); }
  .third { fill: #1a7f37; fill: var(--third); }
  .on { fill: #ffffff; fill: var(--background); }
  .curve { fill: none; stroke-width: 2; }
  .curve.good { fill: none; stroke: #1f6feb; stroke: var(--good); }
  .curve.bad { fill: none; stroke: #bc4c00; stroke: var(--bad); }
  .curve.third { fill: none; stroke: #1a7f37; stroke: var(--third); }`;

/** @returns a whole SVG file */
export function renderSvg({ width, height, title, description, body }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    element('rect', { class: 'page', width, height, rx: 6 }),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

export type Attributes = Record<string, string | number>;

export function element(name: string, attributes: Attributes, content?: string): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(round(value))}"`);
  return content === undefined
    ? `<${name}${list.join('')}/>`
    : `<${name}${list.join('')}>${escapeXml(content)}</${name}>`;
}

export function text(content: string, x: number, y: number, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, content);
}

/** Two digits after the point are finer than a pixel and keep files small and equal between machines. */
function round(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toFixed(2))) : value;
}

function escapeXml(value: string): string {
  return (
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Control characters are not allowed in XML, escaped or not.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\uFFFD')
  );
}
