import { toJson } from '@timer-platform/command-line';
import { runCli } from '../cli.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process and captures its output. */
export function runCommand(databaseUrl: string, ...args: readonly string[]): Promise<CommandResult> {
  return runCommandWith({ DATABASE_URL: databaseUrl }, ...args);
}

/** The same with these environment variables. */
export async function runCommandWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CommandResult> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const exitCode = await runCli(
    args,
    env,
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
