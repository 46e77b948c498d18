import { CommanderError } from 'commander';
import { TimerError } from '../client/errors.ts';
import type { CommandContext } from './command-context.ts';
import { clientFrom, wantsColors } from './config.ts';
import { confirm, type Input } from './confirm.ts';
import { EXIT_CODE, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { createOutput, type Output, type OutputStream } from './output.ts';
import { buildProgram } from './program.ts';
import { readInput } from './read-input.ts';
import { UsageError } from './usage-error.ts';

/** What {@link runCommandLine} takes from the process. */
export interface Terminal {
  readonly env: CommandContext['env'];
  readonly stdin: Input;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly now: () => number;
  readonly listenForStop: () => AbortSignal;
}

/** Writes the error and returns its exit code. The issues of a refused request are listed one by one. */
function reportError(error: unknown, output: Output): ExitCode {
  // Commander has written its message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
  if (error instanceof UsageError) {
    output.note(`timer: ${error.message}`);
    return EXIT_CODE.usage;
  }
  if (error instanceof TimerError) {
    output.note(`timer: ${error.message}`);
    if (error.issues.length > 1)
      for (const { path, message } of error.issues) output.note(`  ${path}: ${message}`);
    if (error.mayHaveSucceeded)
      output.note('  The request may have been carried out: its response was lost.');
    return error.httpStatus === undefined && error.kind === 'validation'
      ? EXIT_CODE.usage
      : exitCodeOf(error);
  }
  output.note(
    `timer: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT_CODE.failed;
}

/** Runs a command and returns its exit code. */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<ExitCode> {
  const { env, stdin, stdout, stderr, now, listenForStop } = terminal;
  const colors = wantsColors(env);
  let exitCode: ExitCode = EXIT_CODE.ok;
  let output = createOutput(stdout, stderr, { format: undefined, colors });
  const program = buildProgram(version, (options) => ({
    client: () => clientFrom(options(), env),
    output: () => {
      const { json, table } = options();
      if (json === true && table === true) throw new UsageError('give either --json or --table');
      const format = json === true ? 'json' : table === true ? 'table' : undefined;
      output = createOutput(stdout, stderr, { format, colors });
      return output;
    },
    exitWith: (code) => {
      exitCode = code;
    },
    env,
    readInput: (path) => readInput(path, stdin),
    confirm: (question) => confirm(question, stdin, stderr),
    now,
    listenForStop,
  }));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, output);
  }
}
