import { describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { connect } from './connect.ts';
import { classifyFailure } from './postgres-error.ts';

async function failureOf(statement: () => Promise<unknown>): Promise<string> {
  try {
    await statement();
  } catch (error) {
    return classifyFailure(error);
  }
  throw new Error('the statement did not fail');
}

describe('classifyFailure', () => {
  const database = withTestDatabase({
    open: (url) =>
      connect({ url, applicationName: 'postgres-error.test', poolSize: 1, onIdleError: () => undefined }),
  });

  test('classifies the errors of a real server and of an unreachable one', async () => {
    const { db } = database;
    const run = (text: string) => failureOf(() => db.rows({ name: text.slice(0, 60), text }));
    expect(await run(String.raw`SELECT '"\u0000"'::jsonb`)).toBe('invalid-value');
    expect(await run(`SELECT 'tomorrowish'::timestamptz`)).toBe('invalid-value');
    expect(await run(`SELECT * FROM no_such_table`)).toBe('other');
    const numbers = `jsonb_build_object('type', 'http', 'payload', array_fill('1e308'::jsonb, ARRAY[20000]))`;
    const insert = `INSERT INTO timers (execute_at, callback_config) VALUES ('infinity', ${numbers})`;
    expect(await run(insert)).toBe('callback-too-large');
    expect(await run(`DO $$ BEGIN SET LOCAL ROLE pg_monitor; PERFORM FROM timers; END $$`)).toBe(
      'privilege-missing',
    );
    expect(await run(`DO $$ BEGIN SET LOCAL transaction_read_only = on; DELETE FROM timers; END $$`)).toBe(
      'read-only',
    );
    await db.rows({ name: 'limit', text: `SET statement_timeout = '10ms'` });
    expect(await run(`SELECT pg_sleep(60)`)).toBe('timeout');
    expect(await run(`SELECT pg_terminate_backend(pg_backend_pid())`)).toBe('unreachable');
    const nowhere = connect({
      url: 'postgres://127.0.0.1:1/none',
      applicationName: 'test',
      poolSize: 1,
      onIdleError: () => undefined,
    });
    expect(await failureOf(() => nowhere.rows({ name: 'one', text: 'SELECT 1' }))).toBe('unreachable');
    await nowhere.close();
  });

  test.each([undefined, null, 'text', 5, {}, { code: 22 }, { message: 'out of tea' }])(
    'classifies %j as other',
    (thrown) => {
      expect(classifyFailure(thrown)).toBe('other');
    },
  );

  test.each(['timeout exceeded when trying to connect', 'Connection terminated unexpectedly'])(
    'classifies a message without a code: %s',
    (message) => {
      expect(classifyFailure({ message })).toBe('unreachable');
    },
  );
});
