import { expect, test } from '@jest/globals';
import { createBulkRunner } from './bulk-runner.ts';

const ID = '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c60';

/** A service with so many timers, which changes ten at a time. */
function service(timers: number, onRequest: (cursor: string | null) => void = () => undefined) {
  let left = timers;
  const requests: unknown[] = [];
  return {
    requests,
    count: () => Promise.resolve({ matched: timers, more: false }),
    change: async (fields: object, cursor: string | null) => {
      requests.push({ ...fields, cursor });
      await Promise.resolve();
      onRequest(cursor);
      const changed = Math.min(10, left);
      left -= changed;
      const more = left > 0;
      return {
        matched: changed,
        changed,
        skipped: 0,
        more,
        cursor: more ? String(left) : null,
        action_id: ID,
      };
    },
  };
}

test('requests follow one another with the cursor and the fields until nothing is left', async () => {
  const { requests, ...api } = service(25);
  const runner = createBulkRunner(api);
  const steps: string[] = [];
  runner.subscribe(() => steps.push(runner.progress().step));
  await runner.count();
  await runner.start({ shift: '2h' });
  expect(requests).toEqual([
    { shift: '2h', cursor: null },
    { shift: '2h', cursor: '15' },
    { shift: '2h', cursor: '5' },
  ]);
  expect(runner.progress()).toMatchObject({ step: 'finished', totals: { changed: 25, actionId: ID } });
  expect(steps).toEqual(['counted', 'running', 'running', 'running', 'finished']);
});

test('stop ends it after the request under way, resume goes on with the same fields', async () => {
  const { requests, ...api } = service(25, (cursor) => {
    if (cursor === null) runner.stop();
  });
  const runner = createBulkRunner(api);
  await runner.count();
  await runner.start({ delay: '1m' });
  expect(runner.progress()).toMatchObject({ step: 'stopped', totals: { changed: 10 } });
  await runner.resume();
  expect(runner.progress()).toMatchObject({ step: 'finished', totals: { changed: 25 } });
  expect(requests).toHaveLength(3);
  expect(requests.at(-1)).toEqual({ delay: '1m', cursor: '5' });
});

test('an error interrupts it, and the same request is sent again', async () => {
  let fails = true;
  const { requests, ...api } = service(25, (cursor) => {
    if (cursor === '15' && fails) {
      fails = false;
      throw new Error('no answer');
    }
  });
  const runner = createBulkRunner(api);
  await runner.count();
  await runner.start({});
  expect(runner.progress()).toMatchObject({ step: 'interrupted', error: new Error('no answer') });
  await runner.resume();
  expect(runner.progress()).toMatchObject({ step: 'finished', totals: { changed: 25 } });
  expect(requests).toEqual([{ cursor: null }, { cursor: '15' }, { cursor: '15' }, { cursor: '5' }]);
});

test('two clicks start it once', async () => {
  const { requests, ...api } = service(10);
  const runner = createBulkRunner(api);
  await runner.count();
  await Promise.all([runner.start({}), runner.start({})]);
  expect(requests).toHaveLength(1);
});

test('a count that fails can be repeated', async () => {
  let fails = true;
  const { change } = service(3);
  const count = () => {
    if (!fails) return Promise.resolve({ matched: 3, more: false });
    fails = false;
    return Promise.reject(new Error('too busy'));
  };
  const runner = createBulkRunner({ count, change });
  await runner.count();
  expect(runner.progress()).toMatchObject({ step: 'count_failed' });
  await runner.count();
  expect(runner.progress()).toMatchObject({ step: 'counted', count: { matched: 3 } });
});
