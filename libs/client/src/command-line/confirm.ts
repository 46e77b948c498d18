import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { OutputStream } from './output.ts';
import { UsageError } from './usage-error.ts';

/** Standard input, which may be a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };

/**
 * Asks a question on the terminal. Anything but `y` or `yes` is a no.
 *
 * @throws {UsageError} if nobody can answer: standard input or standard error is not a terminal
 */
export async function confirm(question: string, stdin: Input, stderr: OutputStream): Promise<boolean> {
  if (stdin.isTTY !== true || stderr.isTTY !== true)
    throw new UsageError('nobody can be asked without a terminal: add --yes, or --dry-run to count only');
  stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
