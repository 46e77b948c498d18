import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import type { Page } from 'playwright-core';
import { CHROMIUM, type ConsoleUnderTest, KEYS, startConsole } from './testing/start-console.ts';

/** Skipped, which the output says, where there is no browser. */
const describeInBrowser = CHROMIUM === undefined ? describe.skip : describe;

describeInBrowser('schedules and new timers in the console', () => {
  let operators: ConsoleUnderTest;
  let receiver: Receiver;
  afterAll(() => Promise.all([operators.stop(), receiver.stop()]));
  const database = withTestDatabase();
  beforeAll(async () => {
    receiver = await startReceiver();
    operators = await startConsole(database.url);
  });

  /** A request to the API with the key of the writer, as somebody else would send it. */
  async function api(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${operators.service.url}${path}`, {
      method,
      headers: { 'x-api-key': KEYS.write, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { data: Record<string, unknown> };
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer.data;
  }

  const callback = () => ({ type: 'http', url: `${receiver.url}/hook` });
  const inDialog = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name });

  test('a schedule is stored with a preview across a change of the clocks', async () => {
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/schedules');
    await tab.login(KEYS.write);
    await page.getByText('No schedules yet').waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    await page.getByRole('link', { name: 'New schedule' }).first().click();
    await page.getByLabel('Key', { exact: true }).fill('nightly');
    await page.getByLabel('Cron expression').fill('99 2 * * *');
    await page.getByText('invalid value for minute: 99').waitFor();
    await page.getByLabel('Cron expression').fill('30 2 * * *');
    await page.getByText('At 02:30', { exact: true }).waitFor();
    await page.getByText('Exclusions, beginning and end').click();
    await page.getByLabel('Not before').fill('2099-03-28T00:00');
    await page.getByText('moved out of the gap').waitFor();
    await page.getByText('clocks went forward 1 h').first().waitFor();
    await page.getByLabel('URL').fill(callback().url);
    expect(await tab.findBarriers()).toEqual([]);
    await page.getByRole('button', { name: 'Store the schedule' }).click();
    await page.getByRole('heading', { name: 'nightly' }).waitFor();
    expect(await api('GET', '/schedules/nightly')).toMatchObject({
      cron: ['30 2 * * *'],
      time_zone: 'Europe/Berlin',
      start_at: '2099-03-27T23:00:00.000Z',
    });
    await tab.goto('/new-schedule?from=nightly');
    await page.getByLabel('Key', { exact: true }).fill('nightly');
    await page.getByRole('button', { name: 'Store the schedule' }).click();
    await page.getByText('is that of a schedule that exists').first().waitFor();
    expect(tab.problems).toEqual([]);
  });

  test('a schedule is paused, resumed, triggered, backfilled after a count, and deleted', async () => {
    await api('PUT', '/schedules/hourly', {
      every: '1h',
      end_at: '2026-01-02T00:00:00Z',
      callback: callback(),
    });
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/schedules/hourly');
    await tab.login(KEYS.write);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Why').fill('stocktaking');
    expect(await tab.findBarriers()).toEqual([]);
    await inDialog(page, 'Pause').click();
    await page.getByText('“stocktaking”').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await inDialog(page, 'Resume').click();
    await page.getByText('Resumed hourly').waitFor();
    await page.getByRole('button', { name: 'Trigger now' }).click();
    await inDialog(page, 'Trigger now').click();
    await page.getByRole('cell', { name: 'triggered' }).waitFor();
    await page.getByRole('button', { name: 'Backfill' }).click();
    await page.getByLabel('From').fill('2026-01-01T01:00');
    await page.getByLabel('To').fill('2026-01-01T05:30');
    await inDialog(page, 'Count them').click();
    await inDialog(page, 'Create 5 timers').click();
    await page.getByText('Backfilled hourly: 5 timers created').waitFor();
    await page.getByRole('cell', { name: 'backfill' }).first().waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByLabel('Type hourly to delete it').fill('hourly');
    await inDialog(page, 'Delete the schedule').click();
    await page.getByText('Deleted hourly').waitFor();
    await expect(api('GET', '/schedules/hourly')).rejects.toThrow('schedule not found');
    expect(tab.problems).toEqual([]);
  });

  test('two operators do not overwrite each other', async () => {
    await api('PUT', '/schedules/shared', { cron: '0 9 * * *', callback: callback() });
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/schedules/shared?edit=yes');
    await tab.login(KEYS.write);
    await page.getByText('Overlap, catch-up, jitter').click();
    await page.getByLabel('Buffer one').check();
    await api('PUT', '/schedules/shared', { cron: '30 9 * * *', callback: callback() });
    await page.getByRole('button', { name: 'Save the changes' }).click();
    await page.getByRole('heading', { name: 'Somebody else has changed' }).waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    expect(await api('GET', '/schedules/shared')).toMatchObject({ overlap: 'allow', revision: 2 });
    await page.getByRole('button', { name: 'Join their changes with mine' }).click();
    await page.getByRole('button', { name: 'Save the changes' }).click();
    await page.getByText('Changed shared').waitFor();
    expect(await api('GET', '/schedules/shared')).toMatchObject({
      cron: ['30 9 * * *'],
      overlap: 'buffer_one',
      revision: 3,
    });
    expect(tab.problems).toEqual([]);
  });

  test('a timer is stored by keyboard alone, after what the service finds wrong', async () => {
    const tab = await operators.open();
    const { page } = tab;
    await tab.goto('/new-timer');
    await tab.login(KEYS.write);
    const typeInto = async (label: string, text: string) => {
      await page.getByLabel(label, { exact: true }).focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    };
    await typeInto('Delay', '1s');
    await typeInto('URL', 'ftp://example.com');
    await typeInto('Payload', '{"order":12345678901234567890}');
    await page.keyboard.press('Tab');
    await page.getByText('would lose digits').first().waitFor();
    await typeInto('Payload', '{"order":42}');
    await typeInto('URL', 'ftp://example.com');
    await page.keyboard.press('Enter');
    await page.getByText('must start with http:// or https://').first().waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    await typeInto('URL', callback().url);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/timers\/[0-9a-f-]{36}$/);
    await receiver.waitFor((requests) =>
      requests.some(({ body }) => /^\{"order": ?42\}$/.test(body.toString())),
    );
    expect(tab.problems).toEqual([]);
  });

  test('a key of the role read is offered no change', async () => {
    const tab = await operators.open({ viewport: { width: 390, height: 844 } });
    const { page } = tab;
    await tab.goto('/schedules');
    await tab.login(KEYS.read);
    await page.getByText('No schedules yet').waitFor();
    expect(await page.getByRole('link', { name: 'New schedule' }).count()).toBe(0);
    await tab.goto('/new-schedule');
    await page.getByText('This API key may only read').waitFor();
    await tab.goto('/new-timer');
    await page.getByText('This API key may only read').waitFor();
    await tab.goto('/inspector');
    await page.getByText('This service has no inspector').waitFor();
    expect(await tab.findBarriers()).toEqual([]);
    expect(tab.problems).toEqual([]);
  });
});
