/** Where a command writes. Results go to `line` or `json`, remarks on the way to `note`. */
export interface Output {
  line(text: string): void;
  note(text: string): void;
  /** One JSON document, the only thing on standard output. */
  json(value: unknown): void;
  /** Whether somebody watches: a progress bar then, lines otherwise. */
  readonly isTerminal: boolean;
}

/** Numbers of versions are bigint; they fit into JSON's numbers by far. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item), 2);
}

/** Standard output for results, standard error for remarks. */
export function processOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  return {
    line: (text) => stdout.write(`${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    json: (value) => stdout.write(`${toJson(value)}\n`),
    isTerminal: stderr.isTTY,
  };
}

/** 12 ms, 3.4 s, 2 min 5 s. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
