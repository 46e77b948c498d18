import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import {
  cancelTimer,
  connect,
  type Database,
  decryptHeaders,
  findTimer,
  insertTimers,
  NO_HEADER_KEYS,
  ping,
} from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import { systemClock } from '../clock.ts';
import { Dispatcher } from './dispatcher.ts';
import { dispatchStatements } from './statements.ts';
import { IGNORE_EVENTS } from './testing/ignore-events.ts';
import { ScriptedTransport } from './testing/scripted-transport.ts';

/** What a power failure leaves: only what was flushed. The embedded server is restarted by its supervisor. */
async function crash(dataDirectory: string): Promise<void> {
  const [pid = ''] = (await readFile(path.join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
  process.kill(Number(pid), 'SIGQUIT');
}

async function untilDown(db: Database): Promise<void> {
  try {
    for (;;) await ping(db);
  } catch {
    // The crash.
  }
}

/** Retries until the database is back. */
async function onceBack<Result>(query: () => Promise<Result>): Promise<Result> {
  for (;;)
    try {
      return await query();
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
}

async function untilExecuting(db: Database, id: string): Promise<void> {
  while ((await findTimer(db, id))?.status !== 'executing');
}

test('a claim survives a crash of the database that loses other commits, so that no canceled timer is sent', async () => {
  const settings = { wal_writer_delay: '10s', synchronous_commit: 'off' };
  const server = await openTemporaryPostgres({ durable: true, settings, log: () => undefined });
  await migrateToLatest({ databaseUrl: server.url });
  const db = connect({
    url: server.url,
    applicationName: 'crash.test',
    poolSize: 8,
    onIdleError: () => undefined,
  });
  const http = new ScriptedTransport<'http'>(() => 'receiver');
  const dispatcher = new Dispatcher({
    statements: dispatchStatements({ dispatch: db, heartbeats: db, operations: db }, 'test'),
    transports: { http, nats: new ScriptedTransport<'nats'>(() => 'nats') },
    decryptHeaders: (timerId, config) => decryptHeaders(NO_HEADER_KEYS, timerId, config),
    settings: {
      enabled: true,
      lookAheadMs: 5_000,
      maxInFlight: 10,
      maxInFlightPerDestination: 10,
      shutdownGraceMs: 1_000,
    },
    clock: systemClock,
    random: () => 0,
    observer: IGNORE_EVENTS,
  });
  try {
    const url = 'http://receiver.test/';
    const inserted = await insertTimers(db, [
      { callback: { type: 'http', url }, delayMs: 4_500 },
      { callback: { type: 'http', url }, delayMs: 3_600_000 },
    ]);
    if (inserted.outcome !== 'inserted') throw new Error(inserted.outcome);
    const [id = '', other = ''] = inserted.timers.map((timer) => timer.id);
    await dispatcher.start();
    const [shown] = await db.rows<{ data_directory: string }>({ name: '', text: 'SHOW data_directory' });
    await untilExecuting(db, id);
    // The control: this commit is lost.
    await db.rows({ name: '', text: `UPDATE timers SET metadata = '{"lost": true}' WHERE id = $1` }, [other]);
    await crash(shown?.data_directory ?? '');
    await untilDown(db);

    expect((await onceBack(() => findTimer(db, other)))?.metadata).toBeNull();
    expect(await onceBack(() => cancelTimer(db, id))).toMatchObject({ outcome: 'wrong-state' });
    await http.until((sent) => sent.length === 1);
    expect(http.sent[0]?.timerId).toBe(id);
  } finally {
    await dispatcher.stop();
    await db.close();
    await server.stop();
  }
}, 60_000);
