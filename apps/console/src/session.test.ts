import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { CHROMIUM, type ConsoleUnderTest, KEYS, startConsole } from './testing/start-console.ts';

/** Skipped, which the output says, where there is no browser. */
const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('a session of the console', () => {
  let operators: ConsoleUnderTest;
  afterAll(() => operators.stop());
  const database = withTestDatabase();
  beforeAll(async () => {
    operators = await startConsole(database.url);
  });

  test('begins with an API key on the page that was asked for, and ends with a logout', async () => {
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/dispatchers');
    await page.getByLabel('API key').waitFor();
    expect(await tab.findBarriers()).toEqual([]);

    await page.getByLabel('API key').fill('a-key-that-nobody-has-given-to-anyone');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('the API key is missing or wrong').waitFor();
    expect(await tab.findBarriers()).toEqual([]);

    await tab.login(operators.service.apiKey);
    expect(new URL(page.url()).pathname).toBe('/console/dispatchers');
    const [cookie, ...others] = await page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'timer_console', httpOnly: true, sameSite: 'Strict', path: '/' });
    const kept = await page.evaluate(() => document.cookie + JSON.stringify([localStorage, sessionStorage]));
    expect(kept).not.toContain(operators.service.apiKey);
    await page.reload();
    await page.getByRole('button', { name: 'Session of default' }).click();
    expect(await tab.findBarriers()).toEqual([]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('API key').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.goBack();
    await page.getByLabel('API key').waitFor();
    expect(tab.problems).toEqual([]);
  });

  test('of the role read is refused by the service, whatever the page does', async () => {
    const tab = await operators.open();
    await tab.goto('/');
    await tab.login(KEYS.read);
    const statuses = await tab.page.evaluate(async () => {
      const send = async (method: string, path: string, headers: Record<string, string>) =>
        (await fetch(path, { method, headers })).status;
      return [
        await send('GET', '/timers', {}),
        await send('DELETE', '/timers/0198a000-0000-7000-8000-000000000000', { 'x-timer-console': '1' }),
        await send('POST', '/timers/retry', { 'x-timer-console': '1' }),
        await send('DELETE', '/console/api/session', {}),
      ];
    });
    expect(statuses).toEqual([200, 403, 403, 403]);
    expect(tab.problems).toEqual([]);
  });

  test('that ends elsewhere shows the login, and goes on after it', async () => {
    const tab = await operators.open();
    await tab.goto('/timers');
    await tab.login(KEYS.write);
    await database.query('DELETE FROM console_sessions');
    await tab.page.keyboard.press('r');
    await tab.login(KEYS.write);
    expect(new URL(tab.page.url()).pathname).toBe('/console/timers');
    expect(tab.problems).toEqual([]);
  });
});
