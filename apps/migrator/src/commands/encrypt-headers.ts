import { DatabaseSettingsError, type HeaderKeys } from '@timer-platform/database';
import {
  BlockerWatch,
  MigrationError,
  type MigrationSession,
  openMigrationSession,
  queryRow,
  withMigrationLock,
} from '@timer-platform/migrations';
import { z } from 'zod';
import { type LockOptions, lockPolicyOf } from '../lock-options.ts';
import { rewriteHeaders, type RewriteReport } from '../online/rewrite-headers.ts';
import { showProgress } from '../online/show-progress.ts';
import type { Output } from '../output.ts';

export interface EncryptHeadersCommand extends LockOptions {
  readonly decrypt?: boolean | undefined;
  readonly batchRows?: number | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Gentler than the back-fill: a dispatcher passes over a timer that is held when it is due, and finds it half a second
 * later.
 */
const THROTTLE = { targetBatchMs: 25, firstBatchRows: 100, pauseRatio: 0.5 };
/** The server notices within a second or so that a killed migrator is gone; a live one is not waited for longer. */
const LOCK_WAIT_MS = 5_000;

function assertUsableKeys(keys: HeaderKeys, decrypt: boolean): void {
  if (keys.byId.size > 0 && (decrypt || keys.current !== undefined)) return;
  const message =
    keys.byId.size === 0
      ? 'is not set: give it the keys of the timer service'
      : 'begins with none, so that nothing is encrypted: put the key to encrypt with first, or use --decrypt';
  throw new DatabaseSettingsError([{ variable: 'HEADER_ENCRYPTION_KEYS', message }]);
}

const FIND_COLUMNS = `
SELECT count(*) FILTER (WHERE attname = 'callback_config') > 0 AS current,
       count(*) FILTER (WHERE attname = 'callback_url') > 0 AS old
FROM pg_attribute WHERE attrelid = to_regclass('timers') AND NOT attisdropped`;

/** While an old client may read the headers from its own column, they have to stay readable. */
async function assertCurrentSchema({ client }: MigrationSession): Promise<void> {
  const has = await queryRow(client, z.object({ current: z.boolean(), old: z.boolean() }), FIND_COLUMNS);
  if (!has.current)
    throw new MigrationError('not-adopted', 'timers is not at version 2: run migrator:migrate first');
  if (has.old)
    throw new MigrationError(
      'online-in-progress',
      'the columns of the old service are still there: `migrator:online -- contract` first',
    );
}

function describeReport(report: RewriteReport, decrypt: boolean): string {
  const verb = decrypt ? 'decrypted' : 'encrypted';
  return `${verb} the headers of ${report.rewritten} timers, looked at ${report.rows}`;
}

/** Encrypts the headers of every timer under the current key, or decrypts them. */
export async function encryptHeaders(
  databaseUrl: string,
  keys: HeaderKeys,
  command: EncryptHeadersCommand,
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
  if (report.unreadable === 0) return;
  const examples = report.examples.map(({ id, reason }) => `  ${id}: ${reason}`);
  throw new MigrationError(
    'failed',
    [`the headers of ${report.unreadable} timers cannot be read and stayed as they are:`, ...examples].join(
      '\n',
    ),
  );
}
