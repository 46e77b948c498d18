import { SignatureError, verifySignature } from '@timer-platform/callback-types';
import { type Command, Option } from 'commander';
import { collect, parseMilliseconds } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { parseHeader } from '../timer-request.ts';
import { UsageError } from '../usage-error.ts';

const EXAMPLES = `
The secrets are in TIMER_SIGNING_SECRETS (whsec_…, several separated by spaces or commas), or in a file.
Exit code 7: the message must not be trusted.

Example:
  timer verify-signature --body body.json --at 2026-11-22T21:00:00Z \\
    --header 'webhook-id: …' --header 'webhook-timestamp: …' --header 'webhook-signature: v1,…'`;

interface Flags {
  readonly body: string;
  readonly header: readonly string[];
  readonly secretFile?: string;
  readonly tolerance: number;
  readonly at?: string;
}

async function readSecrets({ secretFile }: Flags, { env, readInput }: CommandContext): Promise<string[]> {
  const text =
    secretFile === undefined
      ? (env['TIMER_SIGNING_SECRETS'] ?? '')
      : new TextDecoder().decode(await readInput(secretFile));
  const secrets = text.split(/[\s,]+/).filter((secret) => secret !== '');
  if (secrets.length === 0)
    throw new UsageError('no signing secret: set TIMER_SIGNING_SECRETS, or --secret-file to a file with it');
  return secrets;
}

function parseInstant(text: string): Date {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime()))
    throw new UsageError('--at must be an instant, such as 2030-01-31T09:00:00Z');
  return instant;
}

export function addVerifySignature(program: Command, context: CommandContext): void {
  program
    .command('verify-signature')
    .description('Check the signature of a received callback; needs no service')
    .option(
      '--header <header>',
      '"Name: value" as received; all three webhook-… headers are needed',
      collect,
      [],
    )
    .option('--body <file>', 'the body as received, byte for byte; - for standard input', '-')
    .option('--secret-file <file>', 'a file with the signing secrets')
    .addOption(
      new Option('--tolerance <duration>', 'how old the message may be')
        .argParser(parseMilliseconds)
        .default(300_000, '5m'),
    )
    .option('--at <instant>', 'check as if it were this instant: for messages that were captured earlier')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags) => {
      const secrets = await readSecrets(flags, context);
      const now = flags.at === undefined ? new Date(context.now()) : parseInstant(flags.at);
      const headers = Object.fromEntries(flags.header.map(parseHeader));
      const body = await context.readInput(flags.body);
      const output = context.output();
      try {
        const message = { headers, body, secrets, now, toleranceSeconds: flags.tolerance / 1_000 };
        const { id, timestamp } = await verifySignature(message);
        output.result({ valid: true, id, timestamp }, () => [
          `valid: timer ${id}, sent at ${timestamp.toISOString()}`,
        ]);
      } catch (error) {
        if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
        if (!(error instanceof SignatureError)) throw error;
        output.result({ valid: false, reason: error.reason }, () => [`not valid: ${error.reason}`]);
        context.exitWith(EXIT_CODE.notVerified);
      }
    });
}
