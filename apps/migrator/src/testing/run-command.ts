import { runCli } from '../cli.ts';
import { toJson } from '../output.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as main.ts would, and keeps what it prints. */
export async function runCommand(databaseUrl: string, ...args: readonly string[]): Promise<CommandResult> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const exitCode = await runCli(
    args,
    { DATABASE_URL: databaseUrl },
    {
      line: (text) => stdout.push(text),
      note: (text) => stderr.push(text),
      json: (value) => stdout.push(toJson(value)),
      isTerminal: false,
    },
    () => new AbortController().signal,
  );
  return { exitCode, stdout: stdout.join('\n'), stderr: stderr.join('\n') };
}
