/** Where a command writes. */
export interface Output {
  /** Writes a line of the result. */
  line(text: string): void;
  /** Writes a line of progress, or a notice: not part of the result. */
  note(text: string): void;
  /** Writes the result as one JSON document; nothing else may go to standard output then. */
  json(value: unknown): void;
  /** Whether notes go to a terminal, which can show a progress bar. */
  readonly isTerminal: boolean;
}

/** Serializes indented JSON. A bigint becomes a number: version numbers are far below 2^53. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item), 2);
}

/** Writes results to standard output and notes to standard error. */
export function processOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  return {
    line: (text) => stdout.write(`${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    json: (value) => stdout.write(`${toJson(value)}\n`),
    isTerminal: stderr.isTTY,
  };
}

/** Formats milliseconds as 12 ms, 3.4 s or 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
