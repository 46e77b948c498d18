const NUMBER = /^-?[\d,.]*$/;

/** Formats a plain text table. Columns that contain only numbers are aligned right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const width = Math.max(name.length, ...cells.map((cell) => cell.length));
    return { width, numeric: cells.every((cell) => NUMBER.test(cell)) };
  });
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width, numeric }, index) => {
        const cell = cells[index] ?? '';
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(header), line(columns.map(({ width }) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Formats a number with this many decimals and thousands separators; `-` if it is not finite. */
export function formatNumber(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return '-';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
