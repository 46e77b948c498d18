import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import type { Locator, Page } from 'playwright-core';
import type { ConsolePage } from './testing/console-page.ts';
import { offeredChanges } from './testing/offered-changes.ts';
import { CHROMIUM, type ConsoleUnderTest, KEYS, startConsole } from './testing/start-console.ts';

/** Skipped, which the output says, where there is no browser. */
const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('operations on timers and destinations', () => {
  let operators: ConsoleUnderTest;
  const receivers: Receiver[] = [];
  afterAll(async () => {
    await operators.stop();
    await Promise.all(receivers.map((receiver) => receiver.stop()));
  });
  const database = withTestDatabase();
  beforeAll(async () => {
    operators = await startConsole(database.url);
  });

  /** A receiver is a destination of its own: its port is part of the name. */
  async function startDestination(...handler: Parameters<typeof startReceiver>): Promise<Receiver> {
    const receiver = await startReceiver(...handler);
    receivers.push(receiver);
    return receiver;
  }

  /** A request to the API as a program would send it. @throws Error for any response but a success */
  async function api<Data>(method: string, path: string, body: object): Promise<Data> {
    const response = await fetch(`${operators.service.url}${path}`, {
      method,
      headers: { 'x-api-key': operators.service.apiKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { data: Data };
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer.data;
  }

  /** Stores a timer, by default one that is due at once. Returns its id. */
  async function store(url: string, fields: object = {}): Promise<string> {
    const timer = { delay: '0s', callback: { type: 'http', url }, ...fields };
    return (await api<{ id: string }>('POST', '/timers', timer)).id;
  }

  const pathOf = (destination: string) => `/destinations/${encodeURIComponent(destination)}`;
  /** Lets a destination be listed for good: one without settings is for 10 seconds only. */
  const list = (destination: string) => api('PATCH', pathOf(destination), { max_in_flight: 100 });

  /** The states of timers, `paused` for those that are parked, in the order of their ids. */
  async function statesOf(ids: readonly string[]): Promise<string[]> {
    const { rows } = await database.query<{ state: string }>(
      `SELECT CASE WHEN paused_for IS NULL THEN status ELSE 'paused' END AS state
         FROM timers WHERE id = ANY ($1) ORDER BY array_position($1::uuid[], id)`,
      [ids],
    );
    return rows.map(({ state }) => state);
  }

  /** Waits until all of these timers are in one of the states. Returns the states. */
  async function untilIn(ids: readonly string[], ...wanted: readonly string[]): Promise<string[]> {
    for (;;) {
      const states = await statesOf(ids);
      if (states.every((state) => wanted.includes(state))) return states;
      await delay(25);
    }
  }

  async function openAs(apiKey: string, path: string): Promise<ConsolePage> {
    const tab = await operators.open();
    await tab.goto(path);
    await tab.login(apiKey);
    return tab;
  }

  const inDialog = (page: Page, name: string) =>
    page.getByRole('dialog').getByRole('button', { name, exact: true });
  /** Of a state; a sign stands before the text. */
  const badgeOf = (parent: Locator, text: string) => parent.locator('[data-tone]').filter({ hasText: text });
  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

  test('a timer is stored in a form, found by its key, run, and seen to be delivered', async () => {
    const receiver = await startDestination();
    const tab = await openAs(operators.service.apiKey, '/new-timer');
    const { page } = tab;
    await page.getByLabel('Delay', { exact: true }).fill('1h');
    await page.getByLabel('URL').fill(`${receiver.url}/orders`);
    await page.getByLabel('Payload').fill('{"order":4711}');
    await page.getByText('Retries, expiry, key, metadata').click();
    await page.getByLabel('Key', { exact: true }).fill('order-4711');
    await page.getByRole('button', { name: 'Store the timer' }).click();
    await page.getByRole('heading', { level: 1, name: 'order-4711' }).waitFor();
    const stored = new URL(page.url()).pathname;

    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Timers' }).click();
    await page.getByLabel('Find', { exact: true }).fill('order-4711');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove the filter Key: order-4711' }).waitFor();
    await rowOf(page, 'order-4711').filter({ hasText: 'pending' }).getByRole('link').first().click();
    await page.getByRole('heading', { level: 1, name: 'order-4711' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(stored);

    await page.getByRole('button', { name: 'Run now' }).click();
    await inDialog(page, 'Run now').click();
    await badgeOf(page.locator('main'), 'completed').waitFor();
    const timeline = page.getByRole('listitem');
    await timeline.filter({ hasText: 'Attempt 1 sent' }).waitFor();
    await timeline.filter({ hasText: 'Delivered' }).waitFor();
    expect(await page.getByRole('button', { name: 'Run now' }).count()).toBe(0);
    expect(receiver.requests.map(({ path, body }) => [path, JSON.parse(body.toString()) as unknown])).toEqual(
      [['/orders', { order: 4711 }]],
    );
    expect(tab.problems).toEqual([]);
  });

  test('a group of failures is retried after a count, and the others stay', async () => {
    const receiver = await startDestination(({ path }) => (path === '/gone' ? 410 : 500));
    const once = { retry: { max_attempts: 1 } };
    const broken = await Promise.all(
      ['/orders/1', '/orders/2', '/orders/3'].map((path) => store(`${receiver.url}${path}`, once)),
    );
    const gone = await store(`${receiver.url}/gone`, once);
    await untilIn([...broken, gone], 'failed');

    const tab = await openAs(operators.service.apiKey, '/failures');
    const { page } = tab;
    const group = rowOf(page, 'HTTP 500').filter({ hasText: receiver.url });
    await group.getByRole('cell', { name: '3', exact: true }).waitFor();
    await rowOf(page, 'HTTP 410').getByRole('cell', { name: '1', exact: true }).waitFor();
    receiver.respondWith(() => 200);
    await group.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('dialog').getByText('3 timers', { exact: true }).waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    expect(await statesOf(broken)).toEqual(['failed', 'failed', 'failed']);
    await inDialog(page, 'Retry 3 timers').click();
    await page.getByRole('dialog').getByText('Retried 3 timers').waitFor();
    await inDialog(page, 'Close').click();
    await group.waitFor({ state: 'detached' });
    await untilIn(broken, 'completed');
    expect(await statesOf([gone])).toEqual(['failed']);
    await rowOf(page, 'HTTP 410').waitFor();

    await tab.show('/audit');
    const entry = rowOf(page, 'Retried 3 timers');
    await entry.waitFor();
    expect((await entry.getByRole('cell').allTextContents()).slice(1, 4)).toEqual([
      'default',
      'Retried 3 timers',
      '3',
    ]);
    expect(tab.problems).toEqual([]);
  });

  test('all timers that match a filter are canceled after a count, and it is undone', async () => {
    const receiver = await startDestination();
    const storeOf = (team: string) => store(receiver.url, { delay: '1h', metadata: { team } });
    const matching = await Promise.all(['billing', 'billing', 'billing', 'billing'].map(storeOf));
    const other = await storeOf('shipping');

    const tab = await openAs(operators.service.apiKey, '/timers');
    const { page } = tab;
    await page.getByLabel('Find', { exact: true }).fill('team=billing');
    await page.keyboard.press('Enter');
    await page.getByText('End of the list: 4 timers.').waitFor();
    await page.getByRole('button', { name: 'Change all that match' }).click();
    await page.getByRole('button', { name: 'Cancel all pending that match' }).click();
    await page.getByRole('dialog').getByText('4 timers', { exact: true }).waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    expect(await statesOf(matching)).toEqual(Array(4).fill('pending'));
    await inDialog(page, 'Cancel 4 timers').click();
    await page.getByRole('dialog').getByText('Canceled 4 timers').waitFor();
    expect(await statesOf([...matching, other])).toEqual([...Array<string>(4).fill('canceled'), 'pending']);
    await inDialog(page, 'Undo').click();
    await page.getByRole('dialog').getByText('Undone: 4 timers as before').waitFor();
    expect(await statesOf(matching)).toEqual(Array(4).fill('pending'));
    await inDialog(page, 'Close').click();
    await rowOf(page, 'pending').nth(3).waitFor();
    await tab.show('/audit');
    await rowOf(page, 'Canceled 4 timers').filter({ hasText: 'undone' }).waitFor();
    expect(tab.problems).toEqual([]);
  });

  test('a destination is paused with a note, limited and resumed; others go on', async () => {
    const [held, free] = [await startDestination(), await startDestination()];
    await list(held.url);

    const tab = await openAs(operators.service.apiKey, '/destinations');
    const { page } = tab;
    await page.getByRole('button', { name: `Pause ${held.url}` }).click();
    await page.getByLabel('Why').fill('maintenance until 04:00');
    expect(await tab.findBarriers()).toEqual([]);
    await inDialog(page, 'Pause').click();
    const row = rowOf(page, held.url).filter({ hasText: '“maintenance until 04:00”' });
    await badgeOf(row, 'paused').waitFor();

    // Dispatchers obey within a second: timers are stored until one is parked.
    let [path, parked] = ['', ''];
    for (let index = 0; parked === ''; index += 1) {
      path = `/held/${index}`;
      const id = await store(`${held.url}${path}`);
      if ((await untilIn([id], 'completed', 'paused')).includes('paused')) parked = id;
    }
    await untilIn([await store(`${free.url}/other`)], 'completed');
    expect(await statesOf([parked])).toEqual(['paused']);
    expect(held.requests.filter((request) => request.path === path)).toEqual([]);

    await page.getByRole('button', { name: `Limits of ${held.url}` }).click();
    await page.getByLabel('Attempts per second').fill('37');
    await inDialog(page, 'Save').click();
    await row.locator('[data-label="Limit/s"]').filter({ hasText: /^37$/ }).waitFor();
    await row.locator('[data-label="Waiting"]').filter({ hasText: /^1$/ }).waitFor();
    const { rows } = await database.query(
      'SELECT rate_per_second, pause_note FROM destination_settings WHERE destination = $1',
      [held.url],
    );
    expect(rows).toEqual([{ rate_per_second: 37, pause_note: 'maintenance until 04:00' }]);

    await page.getByRole('button', { name: `Resume ${held.url}` }).click();
    await page.getByRole('dialog').getByText('They are sent at 37 per second at most.').waitFor();
    await inDialog(page, 'Resume').click();
    await page.getByRole('button', { name: `Pause ${held.url}` }).waitFor();
    await untilIn([parked], 'completed');
    expect(held.requests.filter((request) => request.path === path)).toHaveLength(1);
    expect(tab.problems).toEqual([]);
  });

  test('a key of the role read is offered no change of timers, failures and destinations, and is refused', async () => {
    const receiver = await startDestination(() => 500);
    const [pending, spare, failed] = [
      await store(receiver.url, { delay: '1h' }),
      await store(receiver.url, { delay: '1h' }),
      await store(receiver.url, { retry: { max_attempts: 1 } }),
    ];
    await untilIn([failed], 'failed');
    await list(receiver.url);
    const destination = pathOf(receiver.url);
    /** With a text that is there once they have read what they show. */
    const screens = [
      ['/timers', 'End of the list'],
      [`/timers/${pending}`, 'Created'],
      [`/timers/${failed}`, 'Attempt 1 failed'],
      ['/failures', 'HTTP 500'],
      ['/destinations', receiver.url],
    ] as const;
    const requests: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['POST', '/timers', { delay: '1h', callback: { type: 'http', url: receiver.url } }],
      ['PUT', `/timers/${pending}`, { metadata: { team: 'billing' } }],
      ['POST', '/timers/reschedule', { ids: [pending], delay: '2h' }],
      ['POST', '/timers/cancel', { ids: [pending], dry_run: true }],
      ['POST', '/timers/run', { ids: [pending], dry_run: true }],
      ['POST', '/timers/retry', { ids: [failed], dry_run: true }],
      ['POST', `/timers/${failed}/retry`],
      ['POST', `/timers/${pending}/run`],
      ['DELETE', `/timers/${spare}`],
      ['POST', `${destination}/pause`, { note: 'by a reader' }],
      ['PATCH', destination, { rate_per_second: 1 }],
      ['POST', `${destination}/resume`, {}],
    ];
    const findOffered = async (tab: ConsolePage) => {
      const offered: string[][] = [];
      for (const [path, text] of screens) {
        await tab.show(path);
        await tab.page.locator('main').getByText(text).first().waitFor();
        offered.push(await offeredChanges(tab.page));
      }
      return offered;
    };
    /** Sends the requests with the session of the tab, as its scripts do. */
    const send = (tab: ConsolePage) =>
      tab.page.evaluate(async (list) => {
        const statuses: number[] = [];
        for (const [method, path, body] of list)
          statuses.push(
            (
              await fetch(path, {
                method,
                headers: {
                  'x-timer-console': '1',
                  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
                },
                ...(body === undefined ? {} : { body: JSON.stringify(body) }),
              })
            ).status,
          );
        return statuses;
      }, requests);

    const reader = await openAs(KEYS.read, '/');
    expect(await findOffered(reader)).toEqual(screens.map(() => []));
    expect(await send(reader)).toEqual(requests.map(() => 403));
    expect(await statesOf([pending, spare, failed])).toEqual(['pending', 'pending', 'failed']);
    expect(reader.problems).toEqual([]);

    // A control: others are offered changes on the same screens, and the same requests are valid.
    const admin = await openAs(operators.service.apiKey, '/');
    const offered = await findOffered(admin);
    for (const [index, changes] of [
      ['New timer', 'Change all that match ▾'],
      ['Run now', 'Edit', 'Cancel timer', 'Copy as new'],
      ['Retry', 'Copy as new'],
      ['Retry…'],
      ['Pause', 'Limits'],
    ].entries())
      expect(offered[index]).toEqual(expect.arrayContaining(changes));
    expect((await send(admin)).filter((status) => status >= 300)).toEqual([]);
    expect(admin.problems).toEqual([]);
  });
});
