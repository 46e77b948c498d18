import type { Output } from '@timer-platform/command-line';
import { DatabaseSettingsError, type Environment } from '@timer-platform/database';
import { asMigrationError, type MigrationError } from '@timer-platform/migrations';
import { CommanderError } from 'commander';
import { PendingError } from './commands/status.ts';
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from './exit-codes.ts';
import { buildProgram } from './program.ts';

function toJsonError({ code, message, failure }: MigrationError): unknown {
  return { error: { code, message, ...failure } };
}

/**
 * Runs one command line. Writes the reason of a failure to standard error, and with `--json` as a document to standard
 * output.
 *
 * @returns the exit code
 */
export async function runCli(
  argv: readonly string[],
  env: Environment,
  output: Output,
  listenForStop: () => AbortSignal,
): Promise<number> {
  const json = { printed: false };
  const trackedOutput: Output = {
    ...output,
    json: (value) => {
      json.printed = true;
      output.json(value);
    },
  };
  try {
    await buildProgram({ env, output: trackedOutput, listenForStop }).parseAsync(argv, { from: 'user' });
    return EXIT_CODE.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage;
    if (error instanceof PendingError) return EXIT_CODE.pending;
    if (error instanceof DatabaseSettingsError) {
      output.note(error.message);
      return EXIT_CODE.usage;
    }
    const failure = asMigrationError(error);
    // Anything else is a bug, whose stack trace helps.
    if (failure === undefined) throw error;
    output.note(`error (${failure.code}): ${failure.message}`);
    if (argv.includes('--json') && !json.printed) output.json(toJsonError(failure));
    return EXIT_CODE_OF_ERROR[failure.code];
  }
}
