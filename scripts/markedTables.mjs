// Tables of measured numbers, and the pages that they stand in between `<!-- measured: NAME -->` and
// `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs';

/** A table in Markdown; `align` is `---` or `---:` for each column. */
export const table = (head, rows, align) =>
  [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Puts each table between its markers; what was not measured stays as it is, and is told. */
export function writeTables(path, tables) {
  const text = readFileSync(path, 'utf8');
  const marked = /(<!-- measured: ([^>]+) -->\n)([\s\S]*?)(<!-- end -->)/g;
  const missing = [];
  const written = text.replace(marked, (whole, start, name, _, end) => {
    if (tables[name] === undefined) missing.push(name);
    return tables[name] === undefined ? whole : `${start}\n${tables[name]}\n\n${end}`;
  });
  writeFileSync(path, written);
  if (missing.length > 0) console.error(`${path}: nothing measured for ${missing.join(', ')}.`);
}
