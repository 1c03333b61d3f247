import { describe, expect, it } from 'vitest';
import { escapeHtml, markup, withCode } from './markup.js';

describe('markup', () => {
  it('escapes the five characters that mean something in HTML', () => {
    expect(escapeHtml(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
  });

  it('escapes values, and leaves markup and lists of it as they are', () => {
    const items = ['<1>', '2'].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul title="${'"'}">${items}</ul>${markup`<hr>`}${3}`.text).toBe(
      '<ul title="&quot;"><li>&lt;1&gt;</li><li>2</li></ul><hr>3',
    );
  });

  it('turns backticks into code, escaped inside and outside', () => {
    expect(markup`${withCode('Send `<key>` & wait')}`.text).toBe('Send <code>&lt;key&gt;</code> &amp; wait');
  });
});
