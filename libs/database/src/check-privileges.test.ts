import { randomBytes } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { checkPrivileges, findMissingGrants, PrivilegeError } from './check-privileges.ts';
import { checkSchema } from './check-schema.ts';
import { connect, type Database } from './connect.ts';
import {
  deleteConsoleSession,
  findConsoleSession,
  insertConsoleSession,
} from './console/console-sessions.ts';
import { pruneConsoleSessions } from './console/prune-console-sessions.ts';
import { finishBatches, listBatches, releaseBatches, shrinkBatches } from './dispatch/claim-batches.ts';
import { claimDueSuspects, claimDueTimers } from './dispatch/claim-due-timers.ts';
import { acquireLease, expireLeases, giveUpLease, renewLease } from './dispatch/leases.ts';
import { oldestDueAge } from './dispatch/oldest-due.ts';
import { rescueLostClaims } from './dispatch/rescue-lost-claims.ts';
import { settleDelivered } from './dispatch/settle-delivered.ts';
import { settleFailed } from './dispatch/settle-failed.ts';
import { listActions } from './operations/operator-actions.ts';
import { pruneActions } from './operations/prune-actions.ts';
import { recordAction } from './operations/record-action.ts';
import { undoAction } from './operations/undo-action.ts';
import { AMPLE, bulk, listed } from './testing/bulk.ts';
import { cancelTimer, retryTimer, runTimer } from './timers/change-timer.ts';
import { findTimer } from './timers/find-timer.ts';
import { insertTimers } from './timers/insert-timers.ts';
import { listAttempts } from './timers/list-attempts.ts';
import { pruneFinishedTimers } from './timers/prune-finished-timers.ts';
import { pruneIdempotencyKeys } from './timers/prune-idempotency-keys.ts';
import { updateTimer } from './timers/update-timer.ts';

const role = `limited-${randomBytes(4).toString('hex')}`;
const opened: Database[] = [];
afterAll(() => Promise.all(opened.map((db) => db.close())));
afterAll(() => database.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`));
const database = withTestDatabase();

function openAsRole(): Database {
  const url = new URL(database.url);
  url.username = role;
  url.password = 'secret';
  const db = connect({
    url: url.href,
    applicationName: 'check-privileges.test',
    poolSize: 2,
    onIdleError: () => undefined,
  });
  opened.push(db);
  return db;
}

beforeEach(async () => {
  const { rowCount } = await database.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await database.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'secret'`);
  await database.query(`DROP OWNED BY "${role}"`);
});

async function runAll(statements: readonly string[]): Promise<void> {
  for (const text of statements) await database.query(text);
}

describe('checkPrivileges', () => {
  test('names every missing GRANT for each kind of process', async () => {
    const db = openAsRole();
    const check = checkPrivileges(db, 'api');
    await expect(check).rejects.toThrow(PrivilegeError);
    await expect(check).rejects.toThrow(
      'Run as the owner of the tables: GRANT SELECT, INSERT, UPDATE ON TABLE timers',
    );
    expect(await findMissingGrants(db, 'api')).toEqual([
      `GRANT SELECT, INSERT, UPDATE ON TABLE timers TO "${role}"`,
      `GRANT SELECT ON TABLE claim_batches TO "${role}"`,
      `GRANT SELECT ON TABLE timer_attempts TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE idempotency_keys TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE ON TABLE installation_settings TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE schedules TO "${role}"`,
      `GRANT SELECT ON TABLE schedule_skips TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE destination_settings TO "${role}"`,
      `GRANT SELECT ON TABLE dispatchers TO "${role}"`,
      `GRANT SELECT ON TABLE dispatcher_reports TO "${role}"`,
      `GRANT SELECT ON TABLE dispatch_minutes TO "${role}"`,
      `GRANT SELECT, INSERT, DELETE ON TABLE console_sessions TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE operator_actions TO "${role}"`,
      `GRANT SELECT, INSERT, DELETE ON TABLE operator_action_timers TO "${role}"`,
    ]);
    await database.query(`GRANT SELECT, INSERT, UPDATE ON TABLE timers TO "${role}"`);
    expect(await findMissingGrants(db, 'dispatcher')).toEqual([
      `GRANT DELETE ON TABLE timers TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE claim_batches TO "${role}"`,
      `GRANT SELECT, INSERT ON TABLE timer_attempts TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE idempotency_keys TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE ON TABLE installation_settings TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE dispatchers TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE schedules TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE schedule_skips TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE destination_settings TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE dispatcher_reports TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE dispatch_minutes TO "${role}"`,
      `GRANT SELECT, INSERT, DELETE ON TABLE console_sessions TO "${role}"`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE operator_actions TO "${role}"`,
      `GRANT SELECT, INSERT, DELETE ON TABLE operator_action_timers TO "${role}"`,
    ]);
  });

  test('names functions and the schema', async () => {
    await runAll(await findMissingGrants(openAsRole(), 'dispatcher'));
    await runAll([
      'REVOKE EXECUTE ON FUNCTION lock_unclaimed_timer(uuid) FROM PUBLIC',
      'REVOKE USAGE ON SCHEMA public FROM PUBLIC',
    ]);
    try {
      const hidden = await findMissingGrants(openAsRole(), 'api');
      expect(hidden).toEqual([`GRANT USAGE ON SCHEMA public TO "${role}"`]);
      await runAll(hidden);
      const grants = await findMissingGrants(openAsRole(), 'api');
      expect(grants).toEqual([`GRANT EXECUTE ON FUNCTION lock_unclaimed_timer(uuid) TO "${role}"`]);
      await runAll(grants);
      await checkPrivileges(openAsRole(), 'api');
    } finally {
      await runAll([
        'GRANT EXECUTE ON FUNCTION lock_unclaimed_timer(uuid) TO PUBLIC',
        'GRANT USAGE ON SCHEMA public TO PUBLIC',
      ]);
    }
  });

  const timer = {
    delayMs: 3_600_000,
    callback: { type: 'http', url: 'https://example.com/' },
  } as const;
  const key = { client: 'a', key: 'b', requestHash: Buffer.alloc(32) };

  async function useApi(db: Database): Promise<void> {
    await checkSchema(db);
    const result = await insertTimers(db, [timer, timer], key);
    await insertTimers(db, [timer, timer], key);
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    const [{ id } = { id: '' }] = result.timers;
    await findTimer(db, id);
    await listAttempts(db, id);
    await listed(db, { filter: {}, sort: 'execute_at', order: 'asc', limit: 5, offset: 0 });
    await updateTimer(db, id, { metadata: 1, callback: timer.callback, executeAt: '2099-01-01T00:00:00Z' });
    await runTimer(db, id);
    await cancelTimer(db, id);
    await retryTimer(db, id);
    await bulk(db, 'retry_timers');
    const action = await recordAction(db, {
      client: 'a',
      action: 'b',
      target: null,
      request: null,
      affected: 1,
    });
    await bulk(db, 'cancel_timers', {}, { id: action });
    await undoAction(db, action, 'a', AMPLE);
    await listActions(db, 5);
    await pruneActions(db, { olderThanMs: 0, limit: 5 });
    await oldestDueAge(db);
    await pruneIdempotencyKeys(db, { olderThanMs: 0, limit: 5 });
    const tokenSha256 = Buffer.alloc(32);
    const session = { tokenSha256, keyName: 'a', keyCheck: Buffer.alloc(32), lifetimeMs: 1, maxPerKey: 1 };
    await insertConsoleSession(db, session);
    await findConsoleSession(db, tokenSha256);
    await deleteConsoleSession(db, tokenSha256);
    await pruneConsoleSessions(db, { limit: 5 });
  }

  test('asks for as much as a process with only the API needs', async () => {
    await runAll(await findMissingGrants(openAsRole(), 'api'));
    await expect(useApi(openAsRole())).resolves.toBeUndefined();
  });

  test('asks for as much as a process that delivers needs', async () => {
    await runAll(await findMissingGrants(openAsRole(), 'dispatcher'));
    const db = openAsRole();
    await useApi(db);
    const id = '0198c0de-0000-7000-8000-000000000001';
    await acquireLease(db, id, 'test');
    await renewLease(db, id);
    const any = { fromMs: -Infinity, toMs: Infinity, limit: 10 };
    for (let round = 0; round < 3; round += 1)
      await database.query(
        'INSERT INTO timers (created_at, execute_at, callback_config) VALUES (now() - interval \'2 h\', now() - interval \'1 h\', \'{"type":"http","url":"https://a/"}\')',
      );
    const claimed = await claimDueTimers(db, {
      dispatcherId: id,
      lookAheadMs: 0,
      recent: { ...any, limit: 3 },
      backlog: { fromMs: Infinity, toMs: -Infinity, limit: 0 },
      maxBytes: 1_000_000,
    });
    const [first, second, third] = claimed?.rows ?? [];
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few claims');
    const times = { dueMs: first.dueMs, startedMs: first.dueMs, finishedMs: first.dueMs + 1 };
    const delivered = await settleDelivered(db, id, [
      { id: first.id, batchId: first.batchId, fencingToken: first.fencingToken, ...times },
    ]);
    const failed = await settleFailed(db, id, [
      {
        id: second.id,
        batchId: second.batchId,
        fencingToken: second.fencingToken,
        ...times,
        error: 'HTTP 500',
        statusCode: 500,
        nextAttemptMs: null,
      },
    ]);
    expect([delivered, failed]).toEqual([1, 1]);
    await claimDueSuspects(db, id);
    await shrinkBatches(db, id, [{ batchId: third.batchId, claims: [third] }]);
    expect(await listBatches(db, id)).toEqual([third.batchId]);
    expect(await releaseBatches(db, id, [third.batchId])).toBe(1);
    await finishBatches(db, id, [third.batchId]);
    await rescueLostClaims(db, { maxLostClaims: 5, suspectDelayMs: 0, unownedMs: 300_000 });
    await expireLeases(db, [{ id: '0198c0de-0000-7000-8000-000000000002', heartbeats: 1 }]);
    await giveUpLease(db, id);
    await pruneFinishedTimers(db, { from: undefined, finishedForMs: 1, limit: 5 });
  });
});
