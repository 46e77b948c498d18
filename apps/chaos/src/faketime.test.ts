import { expect, test } from '@jest/globals';
import { connect } from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { createFaketime, findFaketime } from './faketime.ts';
import { PostgresClock } from './postgres-clock.ts';

const library = await findFaketime();

test('FAKETIME_LIBRARY must exist', async () => {
  await expect(findFaketime('/nowhere/libfaketime.so.1')).rejects.toThrow(
    'FAKETIME_LIBRARY is /nowhere/libfaketime.so.1, which does not exist',
  );
});

test('a clock that cannot be stepped says so', async () => {
  const clock = new PostgresClock(undefined);
  expect(clock.canStep).toBe(false);
  await clock.reach(Date.now() - 60_000);
  await expect(clock.step(1)).rejects.toThrow('cannot be stepped here');
});

/** Only where the library is installed, which no other test needs. */
(library === undefined ? test.skip : test)(
  'every session sees a step at once, and time limits go on by the monotonic clock',
  async () => {
    const faketime = await createFaketime(library ?? '');
    const { environment } = faketime;
    const server = await openTemporaryPostgres({ log: () => undefined, environment });
    const db = connect({
      url: server.url,
      applicationName: 'faketime.test',
      poolSize: 2,
      timeoutMs: 1_000,
      onIdleError: () => undefined,
    });
    try {
      const clock = new PostgresClock(faketime);
      await clock.tryOut(db);
      const readings = async (): Promise<number[]> => {
        const text = 'SELECT clock_timestamp() AS now, pg_sleep(0.05)';
        const both = await Promise.all([1, 2].map(() => db.rows<{ now: Date }>({ name: 'now', text })));
        return both.map(([row]) => Math.round(((row?.now.getTime() ?? 0) - Date.now()) / 10_000) + 0);
      };
      for (const offset of [600, 300, 0, -300]) {
        await clock.step(offset);
        expect(await readings()).toEqual([offset / 10, offset / 10]);
        expect(Math.abs(clock.nowMs() - Date.now() - offset * 1_000)).toBeLessThan(10);
      }
      await expect(db.rows({ name: 'slow', text: 'SELECT pg_sleep(60)' })).rejects.toThrow(
        'statement timeout',
      );
      await clock.reach(Date.now() + 9_600);
      expect(await readings()).toEqual([1, 1]);
      await clock.restore();
      expect(await readings()).toEqual([0, 0]);
    } finally {
      await db.close(1_000);
      await server.stop();
      await faketime.remove();
    }
  },
);
