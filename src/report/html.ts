import { IqeError } from '../base/errors.js';

/** Text that is HTML (or SVG inside HTML) already. Only {@link html} and {@link trusted} make it. */
export class Html {
  constructor(readonly text: string) {}
}

/** What can stand in an {@link html} template: all but `Html` is escaped; empty values vanish. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/**
 * HTML from a template. Every value in it is escaped, for text and for attributes in double quotes
 * alike, so that no file name or label can become markup.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = parts[0] as string;
  for (const [index, value] of values.entries())
    text += render(value) + (parts[index + 1] as string);
  return new Html(text);
}

/** Markup that this package wrote itself: style sheets and scripts. Never for data. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** `text` with the five characters that mean something in HTML replaced. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(render).join('');
}

/**
 * Checks that `uri` is a picture within the page.
 *
 * @throws {IqeError} `data` for any other address: a report loads nothing from elsewhere
 */
export function pictureUri(uri: string): string {
  if (!/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(uri)) {
    throw new IqeError(
      'data',
      `A picture of a report must be a base64 data URI of PNG, JPEG or WebP, not "${uri.slice(0, 40)}".`,
    );
  }
  return uri;
}
