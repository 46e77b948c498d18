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

  test('with a key of the role read are offered no change, and are refused by the service', async () => {
    const offered = async (key: string) => {
      const tab = await operators.open();
      await tab.goto('/');
      await tab.login(key);
      const found: string[] = [];
      for (const path of ['/', '/destinations', '/schedules', '/schedules/daily-report', '/audit']) {
        await tab.show(path);
        found.push(...(await offeredChanges(tab.page)).map((name) => `${path}: ${name}`));
      }
      const status = await tab.page.evaluate(
        async (id) =>
          (await fetch(`/timers/${id}/retry`, { method: 'POST', headers: { 'x-timer-console': '1' } }))
            .status,
        failed,
      );
      expect(tab.problems).toEqual([]);
      return { found, status };
    };
    expect(await offered(KEYS.read)).toEqual({ found: [], status: 403 });
    // A control: the same screens offer changes to others.
    const admin = await offered(operators.service.apiKey);
    expect(admin.found).toContain('/schedules/daily-report: Pause');
    expect(admin.status).toBe(200);
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
