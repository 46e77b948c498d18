import { expect, test } from '@jest/globals';
import { timerFactory } from './timer-factory.ts';
import { withTestDatabase } from './with-test-database.ts';

const database = withTestDatabase();
const timers = timerFactory(database.query);

async function find(id: string): Promise<Record<string, unknown> | undefined> {
  const { rows } = await database.query('SELECT * FROM timers WHERE id = $1', [id]);
  return rows[0];
}

test('stores a pending timer with an HTTP callback that is due in an hour', async () => {
  const id = await timers.create();
  const [{ minutes } = {}] = (
    await database.query(
      'SELECT round(extract(epoch FROM execute_at - now()) / 60)::integer AS minutes FROM timers WHERE id = $1',
      [id],
    )
  ).rows;
  expect(minutes).toBe(60);
  expect(await find(id)).toMatchObject({
    status: 'pending',
    callback_type: 'http',
    callback_config: { type: 'http', url: 'http://receiver.test/' },
    attempts: 0,
    metadata: null,
    claims: 0,
    revision: 0,
    due_since: null,
  });
});

test('stores the given columns, with a fitting created_at and callback', async () => {
  const id = await timers.create({
    execute_at: '2024-02-29T12:00:00.000Z',
    status: 'failed',
    callback_type: 'nats',
    metadata: { list: [1, null] },
    retry: null,
    claims: 7,
  });
  expect(await find(id)).toMatchObject({
    created_at: new Date('2024-02-28T12:00:00.000Z'),
    execute_at: new Date('2024-02-29T12:00:00.000Z'),
    status: 'failed',
    callback_type: 'nats',
    callback_config: { type: 'nats' },
    metadata: { list: [1, null] },
    retry: null,
    claims: 7,
  });
});

test('stores many rows with different columns and returns their ids in order', async () => {
  const ids = await timers.createMany([{ metadata: 'first' }, { last_error: 'second' }, {}]);
  const rows = await Promise.all(ids.map(find));
  expect(rows.map((row) => [row?.['metadata'], row?.['last_error']])).toEqual([
    ['first', null],
    [null, 'second'],
    [null, null],
  ]);
});
