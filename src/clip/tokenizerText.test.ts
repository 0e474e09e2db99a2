import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, straighten, unescapeHtml } from './tokenizerText.js';

describe('unescapeHtml', () => {
  it.each([
    ['&amp; &AMP; &amp &Amp;', '& & & &Amp;'],
    ['&notit; &copy2020 &notin;', '¬it; ©2020 ∉'],
    ['&lang;&rang;&semi;', '⟨⟩;'],
    ['&NotEqualTilde;&fjlig;', '≂̸fj'],
    ['&bogus; & &; &#; &#x;', '&bogus; & &; &#; &#x;'],
    ['&#65;&#x42;&#X43 &#10;', 'ABC \n'],
    ['&#128;&#x85;&#x81;', '€…\u0081'],
    ['&#0;&#xd800;&#1114112;&#99999999999;', '\ufffd\ufffd\ufffd\ufffd'],
    ['a&#1;&#x7f;&#xfdd0;&#xffff;&#x1fffe;b', 'ab'],
    ['&#x1f9e0;', '🧠'],
    ['&amp;lt;', '&lt;'],
  ])('%s', (text, expected) => expect(unescapeHtml(text)).toBe(expected));

  it('leaves text without an ampersand alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('&', '');
        expect(unescapeHtml(plain)).toBe(plain);
      }),
    );
  });
});

describe('straighten', () => {
  it.each([
    ['entities, again and again', '&amp;amp;eacute;', 'é'],
    ['names in capitals', '&NTILDE; &nTILDE; &SZLIG; &COPYSR;', 'Ñ &nTILDE; SS &COPYSR;'],
    ['no entity without its semicolon', '&copy 2020 &#65 &notit;', '&copy 2020 &#65 &notit;'],
    ['no entity from a line with < on', '&lt;\na<b\n&lt;', '<\na<b\n&lt;'],
    ['C1 controls', 'x\x85y\x93z\x81', 'x…y"z\x81'],
    ['ligatures', 'ﬁ ﬄ ﬅ Ǆ ŉ', "fi ffl ſt DŽ 'n"],
    ['widths', 'ＣＴ　１％ ｶﾞ', 'CT 1% ガ'],
    ['quotes', '‘a’ “b” ʼc', `'a' "b" 'c`],
    ['line breaks', 'a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['terminal escapes', '\x1b[31mred\x1b[0m', 'red'],
    ['controls', 'b\0e\x07l\ufeffl\x0b', 'bell'],
    ['composition', 'e\u0301 Å', 'é Å'],
  ])('%s', (_, text, expected) => expect(straighten(text)).toBe(expected));

  it('changes nothing the second time in text without entities', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = straighten(text.replaceAll('&', ''));
        expect(straighten(once)).toBe(once);
      }),
    );
  });
});

describe('cleanText', () => {
  it.each([
    ['  A\tb\n\n c ', 'a b c'],
    ['a\u00a0\u2003b', 'a b'],
    ['&amp;lt;3 <br/>', '<3 <br/>'],
    ['İ ΑΣ ẞ', 'i̇ ας ß'],
    ['<&#xfeff;a', '<\ufeffa'],
    [' \n ', ''],
  ])('%j', (text, expected) => expect(cleanText(text)).toBe(expected));
});
