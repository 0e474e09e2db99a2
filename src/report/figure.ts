import { type Html, html, trusted } from './html.js';

/** What stands around the picture of a figure. */
export interface FigureParts {
  readonly title: string;
  readonly picture: Html;
  readonly legend?: Html;
  readonly note?: string | undefined;
  /** The numbers behind the picture, for those who cannot see it or want to copy them. */
  readonly data?: { readonly header: readonly string[]; readonly rows: readonly DataRow[] };
}

/** The first cell is the name of the row. */
export type DataRow = readonly (string | number | null)[];

/** A figure with its title above and legend, note and numbers below. */
export function figure({ title, picture, legend, note, data }: FigureParts): Html {
  return html`<figure class="plot"><figcaption>${title}</figcaption>${picture}${legend}${
    note && html`<p class="note">${note}</p>`
  }${data && data.rows.length > 0 && numbersBehind(title, data)}</figure>
`;
}

function numbersBehind(title: string, data: NonNullable<FigureParts['data']>): Html {
  return html`<details><summary>Numbers<span class="hidden-text"> of “${title}”</span></summary>${plainTable(
    data.header,
    data.rows,
  )}</details>`;
}

/** A small table whose first column names the rows. */
export function plainTable(header: readonly string[], rows: readonly DataRow[]): Html {
  const numeric = header.map((_, index) => index > 0 && rows.every((row) => isNumeric(row[index])));
  const side = (index: number) => numeric[index] && trusted(' class="number"');
  const cell = (value: DataRow[number], index: number) =>
    index === 0 ? html`<th scope="row">${value}</th>` : html`<td${side(index)}>${value}</td>`;
  return html`<div class="scroll" tabindex="0"><table class="plain"><thead><tr>${header.map(
    (name, index) => html`<th scope="col"${side(index)}>${name}</th>`,
  )}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

/** Whether a cell starts with a number, or says that there is none: such columns end at the right. */
function isNumeric(value: DataRow[number] | undefined): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^[\d–]/.test(value));
}
