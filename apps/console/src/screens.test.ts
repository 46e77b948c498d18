import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import type { Page } from 'playwright-core';
import type { ConsolePage } from './testing/console-page.ts';
import { seedTimers } from './testing/seed-timers.ts';
import { CHROMIUM, type ConsoleUnderTest, startConsole } from './testing/start-console.ts';

const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('every screen', () => {
  let operators: ConsoleUnderTest;
  let receiver: Receiver;
  afterAll(async () => {
    await operators.stop();
    await receiver.stop();
  });
  const database = withTestDatabase();
  beforeAll(async () => {
    receiver = await startReceiver(({ path }) => (path.startsWith('/broken') ? 500 : 200));
    operators = await startConsole(database.url);
    const { failed } = await seedTimers(operators.service, receiver.url);
    screens.push([`/timers/${failed}`, 'Timer']);
  });

  const screens: (readonly [path: string, name: string])[] = [
    ['/', 'Overview'],
    ['/timers', 'Timers'],
    ['/failures', 'Failures'],
    ['/new-timer', 'New timer'],
    ['/new-schedule', 'New schedule'],
    ['/destinations', 'Destinations'],
    ['/schedules', 'Schedules'],
    ['/schedules/daily-report', 'Schedule'],
    ['/dispatchers', 'Dispatchers'],
    ['/audit', 'Audit log'],
    ['/no-such-page', 'No such page'],
  ];

  /** What is wrong with each screen, one line for each problem, as `findOn` finds it on the screen that is shown. */
  async function findProblems(
    tab: ConsolePage,
    findOn: (page: Page) => Promise<readonly string[]>,
  ): Promise<string[]> {
    const found: string[] = [];
    await tab.goto('/');
    await tab.login(operators.service.apiKey);
    for (const [path, name] of screens) {
      await tab.show(path);
      for (const problem of await findOn(tab.page)) found.push(`${name} (${path}): ${problem}`);
      const excess = await tab.excessWidth();
      if (excess > 0) found.push(`${name} (${path}): is ${excess} px wider than the page`);
    }
    return [...found, ...tab.problems];
  }

  test('is without barriers, errors and violations in light and dark colours', async () => {
    const tab = await operators.open({ colorScheme: 'light' });
    const backgrounds = new Set<string>();
    const problems = await findProblems(tab, async (page) => {
      const inLight = await tab.findBarriers();
      await page.emulateMedia({ colorScheme: 'dark' });
      const inDark = await tab.findBarriers('only');
      backgrounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await page.emulateMedia({ colorScheme: 'light' });
      return [...inLight, ...inDark.map((barrier) => `in dark colours: ${barrier}`)];
    });
    expect(problems).toEqual([]);
    // A control: the colours were the dark ones.
    const [background, ...others] = backgrounds;
    expect(others).toEqual([]);
    expect(Number(/\d+/.exec(background ?? '')?.[0])).toBeLessThan(80);
  });

  test('fits on a phone, without barriers', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const tab = await operators.open(phone);
    expect(await findProblems(tab, () => tab.findBarriers('without'))).toEqual([]);
  });
});
