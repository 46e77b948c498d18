import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { offeredChanges } from './testing/offered-changes.ts';
import { seedTimers } from './testing/seed-timers.ts';
import { CHROMIUM, type ConsoleUnderTest, KEYS, startConsole } from './testing/start-console.ts';

const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('operators', () => {
  let operators: ConsoleUnderTest;
  let receiver: Receiver;
  let failed: string;
  afterAll(async () => {
    await operators.stop();
    await receiver.stop();
  });
  const database = withTestDatabase();
  beforeAll(async () => {
    receiver = await startReceiver(({ path }) => (path.startsWith('/broken') ? 500 : 200));
    operators = await startConsole(database.url);
    ({ failed } = await seedTimers(operators.service, receiver.url));
  });

  test('need no mouse: log in, go to a screen, open a row, filter, change the time zone', async () => {
    const tab = await operators.open();
    const { page } = tab;
    const { keyboard } = page;
    const heading = (name: string) => page.getByRole('heading', { level: 1, name });
    await tab.goto('/');
    await page.getByLabel('API key').waitFor();
    await keyboard.type(operators.service.apiKey);
    await keyboard.press('Enter');
    await heading('Overview').waitFor();
    await keyboard.press('g');
    await keyboard.press('s');
    await heading('Schedules').waitFor();
    await page.getByRole('link', { name: 'daily-report' }).waitFor();
    await keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('daily-report');
    await keyboard.press('j');
    await keyboard.press('k');
    await keyboard.press('Enter');
    await heading('daily-report').waitFor();

    await page.getByRole('button', { name: 'Time zone: Europe/Berlin' }).waitFor();
    await keyboard.press('t');
    await page.getByRole('button', { name: 'Time zone: UTC' }).waitFor();

    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(tab.problems).toEqual([]);
  });

  test('are offered what the role of their key allows, and are refused the rest by the service', async () => {
    const work = async (key: string) => {
      const tab = await operators.open();
      await tab.goto('/');
      await tab.login(key);
      const offered: string[] = [];
      for (const path of ['/', '/failures', '/destinations', '/schedules', schedule, '/audit', timer]) {
        await tab.show(path);
        offered.push(...(await offeredChanges(tab.page)).map((name) => `${path}: ${name}`));
      }
      const statuses = await tab.page.evaluate(async () => {
        const send = async (path: string, body: object) =>
          (
            await fetch(path, {
              method: 'POST',
              headers: { 'x-timer-console': '1', 'content-type': 'application/json' },
              body: JSON.stringify(body),
            })
          ).status;
        return {
          timer: await send('/timers', { delay: '1d', callback: { type: 'http', url: 'http://127.0.0.1/' } }),
          pause: await send('/destinations/https%3A%2F%2Fshop.example/pause', {}),
        };
      });
      expect(tab.problems).toEqual([]);
      return { offered, statuses };
    };
    const schedule = '/schedules/daily-report';
    const timer = `/timers/${failed}`;
    expect(await work(KEYS.read)).toEqual({ offered: [], statuses: { timer: 403, pause: 403 } });

    const writer = await work(KEYS.write);
    expect(writer.offered).toEqual(
      expect.arrayContaining(['/schedules: New schedule', `${timer}: Retry`, `${timer}: Copy as new`]),
    );
    expect(writer.offered.filter((name) => /^\/(failures|destinations|audit):/.test(name))).toEqual([]);
    expect(writer.statuses).toEqual({ timer: 201, pause: 403 });

    const admin = await work(operators.service.apiKey);
    // The schedule belongs to the client whose key this is.
    expect(admin.offered).toEqual(
      expect.arrayContaining([...writer.offered, '/failures: Retry…', `${schedule}: Pause`]),
    );
    expect(admin.statuses).toEqual({ timer: 201, pause: 200 });
  });

  test('pause a schedule with a reason, and the audit log has who did it', async () => {
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/schedules/daily-report');
    await tab.login(operators.service.apiKey);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause daily-report?' });
    await dialog.getByLabel('Why').fill('stocktaking until Friday');
    expect(await tab.findBarriers()).toEqual([]);
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    const { rows } = await database.query('SELECT client, action, target, request FROM operator_actions');
    expect(rows).toContainEqual({
      client: 'default',
      action: 'pause_schedule',
      target: 'daily-report',
      request: { note: 'stocktaking until Friday', until: null },
    });
    expect(tab.problems).toEqual([]);
  });
});
