/** Where a command writes. Results go to `line` or `json`, progress and notices to `note`. */
export interface Output {
  line(text: string): void;
  note(text: string): void;
  /** One JSON document, the only text on standard output. */
  json(value: unknown): void;
  /** True for a progress bar, false for lines. */
  readonly isTerminal: boolean;
}

/** Versions are bigint, but small enough for a JSON number. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item), 2);
}

/** Writes results to standard output, notices to standard error. */
export function processOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  return {
    line: (text) => stdout.write(`${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    json: (value) => stdout.write(`${toJson(value)}\n`),
    isTerminal: stderr.isTTY,
  };
}

/** Formats as 12 ms, 3.4 s or 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
