import { afterAll, expect, test } from '@jest/globals';
import { scheduleFactory, spawnTimerService, startReceiver } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';

const SCHEDULES = 40;
const closing: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));
const database = withTestDatabase();
const schedules = scheduleFactory(database.query);

test('three dispatchers deliver each occurrence of many schedules once, while one is killed and one is frozen', async () => {
  const byId = new Map<
    string,
    { arrivals: number; readonly scheduledFor: string; readonly lateMs: number }
  >();
  let resume: (() => void) | undefined;
  const receiver = await startReceiver(({ headers }) => {
    const id = String(headers['webhook-id']);
    const scheduledFor = String(headers['timer-scheduled-for']);
    const known = byId.get(id);
    if (known === undefined)
      byId.set(id, { arrivals: 1, scheduledFor, lateMs: Date.now() - Date.parse(scheduledFor) });
    else known.arrivals += 1;
    resume?.();
    return 200;
  });
  closing.push(() => receiver.stop());
  const start = async () => {
    const service = await spawnTimerService({
      DATABASE_URL: database.url,
      API_KEY: 'a-key-of-a-service-that-only-tests-use',
    });
    closing.push(async () => {
      service.child.kill('SIGKILL');
      await service.exit;
    });
    return service;
  };
  const [one, two] = await Promise.all([start(), start(), start()]);
  const endMs = Math.floor(Date.now() / 1_000) * 1_000 + 8_500;
  const startAt = new Date();
  await schedules.createMany(
    Array.from({ length: SCHEDULES }, (_, index) => ({
      key: `every-second-${index}`,
      end_at: new Date(endMs),
      cursor_at: startAt,
      callback_config: { type: 'http', url: `${receiver.url}/${index % 10}` },
    })),
  );
  const received = async (atLeast: number): Promise<void> => {
    while (byId.size < atLeast)
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
  };
  const perSchedule = Math.floor(endMs / 1_000) - Math.floor(startAt.getTime() / 1_000);
  await received(SCHEDULES * 2);
  one.child.kill('SIGKILL');
  await received(SCHEDULES * 3);
  two.child.kill('SIGSTOP');
  await received(SCHEDULES * perSchedule);
  const { rows } = await database.query<{ id: string; schedule: string; at: Date }>(
    "SELECT id, schedule_id AS schedule, scheduled_for AS at FROM timers WHERE origin = 'schedule' ORDER BY 2, 3",
  );
  expect(rows).toHaveLength(SCHEDULES * perSchedule);
  for (const { id, at } of rows) expect(byId.get(id)?.scheduledFor).toBe(at.toISOString());
  expect(Math.min(...[...byId.values()].map(({ lateMs }) => lateMs))).toBeGreaterThanOrEqual(0);
  const late = [...byId.values()].map(({ lateMs }) => lateMs).sort((a, b) => a - b);
  // Those that the killed and the frozen process had claimed are late, until their claims are rescued.
  expect(late[Math.floor(late.length / 2)]).toBeLessThan(1_000);
  two.child.kill('SIGCONT');
}, 60_000);
