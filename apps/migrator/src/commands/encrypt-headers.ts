import { type Output, parseNonNegativeInteger } from '@timer-platform/command-line';
import { DatabaseSettingsError, type HeaderKeys } from '@timer-platform/database';
import {
  BlockerWatch,
  MigrationError,
  type MigrationSession,
  openMigrationSession,
  queryRow,
  withMigrationLock,
} from '@timer-platform/migrations';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addLockOptions,
  type JsonOption,
  type LockOptions,
  lockPolicyOf,
} from '../command-options.ts';
import { readHeaderKeys } from '../config.ts';
import { rewriteHeaders, type RewriteReport, type TableReport } from '../online/rewrite-headers.ts';
import { showProgress } from '../online/show-progress.ts';

interface EncryptHeadersCommandOptions extends LockOptions, JsonOption {
  readonly decrypt?: boolean | undefined;
  readonly batchRows?: number | undefined;
}

/** Smaller batches than the backfill: the dispatcher skips a locked timer that is due and finds it half a second later. */
const THROTTLE = { targetBatchMs: 25, firstBatchRows: 100, pauseRatio: 0.5 };
/** The server releases the locks of a killed migrator within a second or so; a running one is not worth a longer wait. */
const LOCK_WAIT_MS = 5_000;

function assertUsableKeys(keys: HeaderKeys, decrypt: boolean): void {
  if (keys.byId.size > 0 && (decrypt || keys.current !== undefined)) return;
  const message =
    keys.byId.size === 0
      ? 'is not set: use the keys of the timer service'
      : 'starts with none, which disables encryption: put the encryption key first, or use --decrypt';
  throw new DatabaseSettingsError([{ variable: 'HEADER_ENCRYPTION_KEYS', message }]);
}

const FIND_COLUMNS = `
SELECT count(*) FILTER (WHERE attname = 'callback_config') > 0 AS current,
       count(*) FILTER (WHERE attname = 'callback_url') > 0 AS old
FROM pg_attribute WHERE attrelid = to_regclass('timers') AND NOT attisdropped`;

/** Old clients read the headers from the old columns, so these must stay readable until the contract. */
async function assertCurrentSchema({ client }: MigrationSession): Promise<void> {
  const has = await queryRow(client, z.object({ current: z.boolean(), old: z.boolean() }), FIND_COLUMNS);
  if (!has.current)
    throw new MigrationError(
      'not-adopted',
      'timers is not at version 2; run `npx nx run migrator:migrate` first',
    );
  if (has.old)
    throw new MigrationError(
      'online-in-progress',
      'timers still has the old columns; run `npx nx run migrator:online -- contract` first',
    );
}

function describeReport(report: RewriteReport, decrypt: boolean): string {
  const verb = decrypt ? 'decrypted' : 'encrypted';
  const { schedules } = report;
  const more = schedules.rows === 0 ? '' : ` and of ${schedules.rewritten} of ${schedules.rows} schedules`;
  return `${verb} the headers of ${report.rewritten} of ${report.rows} timers${more}`;
}

function describeUnreadable(table: string, { unreadable, examples }: TableReport): string[] {
  if (unreadable === 0) return [];
  return [
    `the headers of ${unreadable} ${table} cannot be read and were not changed:`,
    ...examples.map(({ id, reason }) => `  ${id}: ${reason}`),
  ];
}

async function encryptHeaders(
  databaseUrl: string,
  keys: HeaderKeys,
  command: EncryptHeadersCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const decrypt = command.decrypt === true;
  assertUsableKeys(keys, decrypt);
  const session = await openMigrationSession(databaseUrl);
  const watch = new BlockerWatch(databaseUrl);
  const progress = showProgress(output);
  let report: RewriteReport;
  try {
    report = await withMigrationLock(session.client, { lockWaitMs: LOCK_WAIT_MS }, async () => {
      await assertCurrentSchema(session);
      return rewriteHeaders({
        session,
        watch,
        policy: lockPolicyOf(command),
        throttle: { ...THROTTLE, firstBatchRows: command.batchRows ?? THROTTLE.firstBatchRows },
        signal,
        report: progress.report,
        keys,
        rewrite: decrypt ? 'decrypt' : 'encrypt',
      });
    });
  } finally {
    progress.stop();
    await watch.close();
    await session.close();
  }
  if (command.json === true) output.json(report);
  else output.line(describeReport(report, decrypt));
  const problems = [
    ...describeUnreadable('timers', report),
    ...describeUnreadable('schedules', report.schedules),
  ];
  if (problems.length > 0) throw new MigrationError('failed', problems.join('\n'));
}

export function addEncryptHeaders(
  program: Command,
  { env, output, listenForStop, onDatabase }: CommandContext,
): void {
  const command = program
    .command('encrypt-headers')
    .description(
      'encrypt the callback headers of every timer and schedule with the first key of HEADER_ENCRYPTION_KEYS, also those under an older key; the service may run; a second run continues an interrupted one',
    )
    .option('--decrypt', 'decrypt all headers instead')
    .option('--batch-rows <rows>', 'rows of the first batch', parseNonNegativeInteger)
    .action((options: EncryptHeadersCommandOptions) => {
      const keys = readHeaderKeys(env);
      return onDatabase((databaseUrl) => encryptHeaders(databaseUrl, keys, options, output, listenForStop()));
    });
  addLockOptions(command);
  addJsonOption(command);
}
