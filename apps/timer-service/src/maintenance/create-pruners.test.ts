import { expect, test } from '@jest/globals';
import { connect } from '@timer-platform/database';
import { timerFactory } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { pino } from 'pino';
import { gate } from '../dispatch/testing/gate.ts';
import { createPruners, type PruningSettings } from './create-pruners.ts';
import { maintenanceSettingsSchema } from './settings.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const database = withTestDatabase({
  perTest: true,
  open: (url, onIdleError) =>
    connect({ url, applicationName: 'create-pruners.test', poolSize: 5, onIdleError }),
});
const timers = timerFactory(database.query);

/** Runs each pruner once. */
async function runOnce(settings: Partial<PruningSettings>): Promise<void> {
  // A pruner asks for a random number before each run: at once before the first, and in an hour after it.
  let asked = 0;
  const ran = gate<undefined>();
  const pruners = createPruners(
    {
      ...maintenanceSettingsSchema.parse({}),
      idempotencyKeysForMs: DAY_MS,
      dispatches: true,
      ...settings,
    },
    {
      db: database.db,
      log: pino({ level: 'silent' }),
      monotonicMs: () => performance.now(),
      random: () => {
        asked += 1;
        if (asked === 2 * pruners.length) ran.open(undefined);
        return asked <= pruners.length ? 0 : 0.5;
      },
    },
  );
  for (const pruner of pruners) pruner.start();
  await ran.passed;
  await Promise.all(pruners.map((pruner) => pruner.stop()));
}

/** Stores timers that were completed three days and an hour ago. Returns the names of those that `runOnce` leaves. */
async function finishedTimersLeftBy(settings: Partial<PruningSettings>): Promise<string[]> {
  const completed = (ageMs: number) => {
    const instant = new Date(Date.now() - ageMs);
    return { status: 'completed', created_at: instant, updated_at: instant };
  };
  const [old] = await timers.createMany([completed(3 * DAY_MS), completed(HOUR_MS)]);
  await runOnce(settings);
  const { rows } = await database.query<{ id: string }>('SELECT id FROM timers ORDER BY updated_at');
  return rows.map(({ id }) => (id === old ? 'old' : 'recent'));
}

test('finished timers are pruned after their time', async () => {
  expect(await finishedTimersLeftBy({ finishedForMs: 2 * DAY_MS })).toEqual(['recent']);
});

test('finished timers are kept by default', async () => {
  expect(await finishedTimersLeftBy({})).toEqual(['old', 'recent']);
});

test('a process that does not dispatch keeps them', async () => {
  expect(await finishedTimersLeftBy({ finishedForMs: 2 * DAY_MS, dispatches: false })).toEqual([
    'old',
    'recent',
  ]);
});
