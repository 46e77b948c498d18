import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  type NatsServer,
  startNatsServer,
  type TestDatabase,
} from '@timer-platform/test-support';
import { connect } from 'nats';
import type { ConsolePage } from './testing/console-page.ts';
import { CHROMIUM, type ConsoleUnderTest, startConsole } from './testing/start-console.ts';

const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('a service in development mode', () => {
  let developers: ConsoleUnderTest;
  let database: TestDatabase;
  let nats: NatsServer;
  let directory: string;
  let tab: ConsolePage;
  afterAll(async () => {
    await developers.stop();
    await nats.stop();
    await database.drop();
    await rm(directory, { recursive: true });
  });
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'console-development-'));
    // It migrates the database itself.
    database = await createTestDatabase({ empty: true });
    nats = await startNatsServer();
    developers = await startConsole(database.url, {
      TIMER_MODE: 'development',
      TIMER_DIRECTORY: directory,
      NATS_URL: nats.url,
    });
    tab = await developers.open();
    await tab.goto('/');
    await tab.login(developers.service.apiKey);
  });

  test('shows in the inspector what it has sent to itself', async () => {
    const { page } = tab;
    await tab.show('/inspector');
    // The service stores a timer of its own at its first start.
    await page.getByText('/inspector/first-timer').waitFor();
    await page.getByRole('button', { name: 'Send a timer to it' }).click();
    const callback = page.getByRole('listitem').filter({ hasText: '/inspector/from-the-console' });
    await callback.getByText('hello').click();
    await callback.getByRole('region', { name: 'Headers' }).getByText('x-sent-from').waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await tab.excessWidth()).toBe(0);
    await page.setViewportSize({ width: 1_280, height: 800 });

    await page.getByLabel('Path, header or body contains').fill('no-such-word');
    await page.getByText('No callback matches').waitFor();
    await page.getByLabel('Path, header or body contains').fill('from-the-console');
    await callback.getByText('hello').click();
    await callback.getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: 'Timer' }).waitFor();
    await page.locator('main [data-tone]').filter({ hasText: 'completed' }).waitFor();
    expect(tab.problems).toEqual([]);
  });

  test('delivers a NATS message that was written in the form', async () => {
    const { page } = tab;
    const subscriber = await connect({ servers: nats.url });
    const messages = subscriber.subscribe('orders.due.*', { max: 1 });
    await subscriber.flush();
    await tab.show('/new-timer');
    await page.getByLabel('Delay', { exact: true }).fill('0s');
    await page.getByText('NATS message', { exact: true }).click();
    await page.getByLabel('Topic').fill('orders due');
    await page.getByLabel('Payload').fill('{"order":42}');
    await page.getByRole('button', { name: 'Store the timer' }).click();
    await page.getByRole('main').getByText('must not contain').first().waitFor();
    expect(await tab.findBarriers()).toEqual([]);

    await page.getByLabel('Topic').fill('orders.due');
    await page.getByLabel('Key (optional)').fill('42');
    await page.getByRole('button', { name: 'Store the timer' }).click();
    await page.getByRole('heading', { level: 1, name: 'Timer' }).waitFor();
    const received: unknown[] = [];
    for await (const message of messages) received.push([message.subject, message.json()]);
    expect(received).toEqual([['orders.due.42', { order: 42 }]]);
    await page.locator('main [data-tone]').filter({ hasText: 'completed' }).waitFor();
    await subscriber.close();
    expect(tab.problems).toEqual([]);
  });
});
