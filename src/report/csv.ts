/** What a cell of a CSV file holds; `null` is an empty cell. */
export type CsvCell = string | number | null;

/**
 * Rows as CSV after RFC 4180: commas, CRLF after every row, quotes around cells that hold a comma,
 * a quote or a line break. Numbers are written so that reading them gives the same float64.
 */
export function encodeCsv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(encodeCell).join(',')}\r\n`).join('');
}

function encodeCell(cell: CsvCell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
