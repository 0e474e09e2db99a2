import fc from 'fast-check';
import { decode } from 'html-entities';
import { describe, expect, it } from 'vitest';
import { escapeHtml, html, pictureUri, trusted } from './html.js';

describe('html', () => {
  it('escapes texts and numbers, keeps markup, and leaves out what is empty', () => {
    const inner = html`<b>${'<&>'}</b>`;
    expect(html`${inner}${null}${undefined}${false}${0}${['"', ["'", inner]]}`.text).toBe(
      '<b>&lt;&amp;&gt;</b>0&quot;&#39;<b>&lt;&amp;&gt;</b>',
    );
    expect(html`${trusted('<i>')}`.text).toBe('<i>');
  });

  it('never lets a text out of its place, and loses none of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeHtml(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(decode(escaped)).toBe(text);
      }),
      { seed: 1 },
    );
  });
});

describe('pictureUri', () => {
  it('takes pictures within the page and nothing else', () => {
    const uri = 'data:image/png;base64,iVBORw0KGgo=';
    expect(pictureUri(uri)).toBe(uri);
    for (const other of [
      'https://example.org/a.png',
      'file.png',
      'javascript:alert(1)',
      'data:image/svg+xml;base64,AAAA',
      'data:text/html;base64,AAAA',
      'data:image/png;base64,AA"onload="x',
      '',
    ]) {
      expect(() => pictureUri(other)).toThrow(/data URI/);
    }
  });
});
