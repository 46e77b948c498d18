import { escapeText, safeJson } from './escape-text.ts';
import { type Cell, paint, tableLines } from './table.ts';

/** Where a command writes. */
export interface Output {
  /** Whether results are JSON Lines instead of tables. */
  readonly json: boolean;
  /** Writes a line of the result as it is. */
  line(text: string): void;
  /** Writes a line that is not part of the result, to standard error. */
  note(text: string): void;
  /** Writes a result: a line of JSON, or what `show` makes of it for people. */
  result(value: unknown, show: () => readonly string[]): void;
  /** One line of cells, for {@link result}. */
  row(cells: readonly Cell[]): string;
  /** Lines of a table with the columns, for {@link result}. */
  table(header: readonly string[], rows: readonly (readonly Cell[])[]): string[];
}

/** A part of `NodeJS.WriteStream`. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): boolean;
}

export interface OutputOptions {
  /** By default JSON unless standard output is a terminal. */
  readonly format: 'json' | 'table' | undefined;
  readonly colors: boolean;
}

function safe({ text, color }: Cell): Cell {
  return { text: escapeText(text), color };
}

export function createOutput(stdout: OutputStream, stderr: OutputStream, options: OutputOptions): Output {
  const terminal = stdout.isTTY === true;
  const json = (options.format ?? (terminal ? 'table' : 'json')) === 'json';
  const colors = options.colors && terminal;
  const line = (text: string): void => {
    stdout.write(`${text}\n`);
  };
  return {
    json,
    line,
    note: (text) => {
      stderr.write(`${text.split('\n').map(escapeText).join('\n')}\n`);
    },
    result: (value, show) => {
      for (const text of json ? [safeJson(value)] : show()) line(text);
    },
    row: (cells) =>
      cells
        .map(safe)
        .map(({ text, color }) => paint(text, color, colors))
        .join('  '),
    table: (header, rows) =>
      tableLines(
        header,
        rows.map((row) => row.map(safe)),
        colors,
      ),
  };
}
