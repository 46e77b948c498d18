/** A cell: what is shown, and how it is colored. */
export interface Cell {
  readonly text: string;
  readonly color?: Color | undefined;
}

export type Color = 'red' | 'green' | 'yellow' | 'dim';

const CODES: Readonly<Record<Color, number>> = { red: 31, green: 32, yellow: 33, dim: 2 };

/** Colors text with an ANSI escape sequence. */
export function paint(text: string, color: Color | undefined, colors: boolean): string {
  return color !== undefined && colors ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text;
}

/** Lines of a table: columns as wide as their widest cell, two spaces apart. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  colors: boolean,
): string[] {
  const all = [header.map((text): Cell => ({ text, color: 'dim' })), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)));
  return all.map((row) =>
    row
      .map(({ text, color }, column) => {
        const last = column === row.length - 1;
        const padding = last ? '' : ' '.repeat((widths[column] ?? 0) - text.length);
        return paint(text, color, colors) + padding;
      })
      .join('  '),
  );
}
