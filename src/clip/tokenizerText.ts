import { decode, decodeEntity } from 'html-entities';

/**
 * The text that CLIP's byte-pair code sees: straightened, HTML entities decoded twice, runs of white space
 * one space, trimmed, in lower case. Source: `basic_clean` and `whitespace_clean` of OpenAI's
 * `simple_tokenizer.py`.
 */
export function cleanText(text: string): string {
  return unescapeHtml(unescapeHtml(straighten(text)))
    .replace(/\p{White_Space}+/gu, ' ')
    .replace(/^ | $/g, '')
    .toLowerCase();
}

/**
 * What the `ftfy` library does to a text before OpenAI's tokenizer sees it, without its repair of
 * wrongly decoded text ("cafÃ©"), which needs ftfy's tables of what looks wrong. Line by line until
 * nothing changes: entities (none from the first line with a `<` on), C1 controls as Windows-1252,
 * ligatures, full and half widths, curly quotes, line breaks, terminal escapes, controls, NFC.
 */
export function straighten(text: string): string {
  let decoding = true;
  return text.replace(/[^\n]*\n|[^\n]+/g, (line) => {
    decoding &&= !line.includes('<');
    return straightenLine(line, decoding);
  });
}

function straightenLine(line: string, decoding: boolean): string {
  let current = line;
  for (;;) {
    const before = current;
    if (decoding) current = current.replace(/&#?[0-9A-Za-z]{1,24};/g, unescapeTerminated);
    current = current
      .replace(/[\x80-\x9f]/g, (control) => windows1252(control.charCodeAt(0)))
      .replace(/ﬅ/g, 'ſt')
      .replace(/[Ĳĳŉ\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g, compatible)
      .replace(/[\u3000\uff01-\uffef]/g, compatible)
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/\r\n?|[\u2028\u2029]/g, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
      .replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
      .replace(/[\0-\x08\v\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '')
      .normalize('NFC');
    if (current === before) return current;
  }
}

function compatible(character: string): string {
  return character.normalize('NFKC');
}

/** One entity that ends in a semicolon; names also in capitals (`&NTILDE;`), as ftfy takes them. */
function unescapeTerminated(entity: string): string {
  if (entity.startsWith('&#')) {
    const character = unescapeNumber(entity);
    return character === ';' ? entity : character;
  }
  const exact = unescapeName(entity);
  if (exact !== entity) return exact;
  const small = entity.toLowerCase();
  const letter = unescapeName(small);
  const isCapitals = entity === entity.toUpperCase() && unescapeHtml(entity) === entity;
  return isCapitals && letter !== small ? letter.toUpperCase() : entity;
}

/**
 * Python's `html.unescape`: HTML 5 names (some also without the semicolon, the longest first) and
 * numbers, where the C1 range means Windows-1252 and what is no character vanishes.
 */
export function unescapeHtml(text: string): string {
  return text.replace(/&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (entity) =>
    entity.startsWith('&#') ? unescapeNumber(entity) : unescapeLongestName(entity),
  );
}

/** A whole name with its semicolon, if it has one; else the entity as it is. */
function unescapeName(entity: string): string {
  return angleBrackets.get(entity) ?? decodeEntity(entity, { level: 'html5' });
}

/** A name, or the longest beginning of it that is one. */
function unescapeLongestName(entity: string): string {
  return angleBrackets.get(entity) ?? decode(entity, { level: 'html5' });
}

/** The two names for which `html-entities` still has the characters of HTML 4. */
const angleBrackets = new Map([
  ['&lang;', '⟨'],
  ['&rang;', '⟩'],
]);

function unescapeNumber(entity: string): string {
  const code = Number.parseInt(entity.replace(/^&#x?/i, ''), /^&#x/i.test(entity) ? 16 : 10);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  if (code >= 0x80 && code <= 0x9f) return windows1252(code);
  const isControl = (code < 0x20 && !/[\t\n\f\r]/.test(String.fromCharCode(code))) || code === 0x7f;
  const isNoCharacter = (code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
  return isControl || isNoCharacter ? '' : String.fromCodePoint(code);
}

/** Windows-1252 from 0x80 to 0x9f; a dot where a code has no character and stands for itself. */
const c1AsWindows1252 = '€.‚ƒ„…†‡ˆ‰Š‹Œ.Ž..‘’“”•–—˜™š›œ.žŸ';

function windows1252(code: number): string {
  const character = c1AsWindows1252.charAt(code - 0x80);
  return character === '.' ? String.fromCharCode(code) : character;
}
