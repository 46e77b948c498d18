import { expect, test } from '@jest/globals';
import type { Timer } from '@timer-platform/callback-types';
import { WatchList } from './watch-list.ts';

const at = (ms: number): string => new Date(ms).toISOString();

function timer(id: string, fields: Partial<Timer> = {}): Timer {
  return {
    ...({
      id,
      status: 'pending',
      callback_type: 'http',
      created_at: at(0),
      execute_at: at(1_000),
      executed_at: null,
    } as Timer),
    due_at: at(1_000),
    ...fields,
  };
}

test('looks at a timer when it is due, and again when a retry is due', () => {
  const list = new WatchList();
  list.add(
    [timer('late', { execute_at: at(3_000) }), timer('soon'), timer('never', { execute_at: 'infinity' })],
    0,
  );
  expect(list.toCheck(999, 10)).toEqual([]);
  expect(list.toCheck(5_000, 10)).toEqual(['soon', 'late']);
  expect(list.toCheck(5_000, 1)).toEqual(['soon']);
  expect(list.checked('soon', timer('soon', { due_at: at(60_000) }), 6_000)).toBe(false);
  expect(list.toCheck(59_999, 10)).toEqual(['late']);
  expect(list.toCheck(60_000, 10)).toEqual(['late', 'soon']);
});

test('reports each finish once: also if the timer is found again, and again after a retry', () => {
  const list = new WatchList();
  const failed = timer('a', { status: 'failed', executed_at: at(2_000) });
  list.add([timer('a')], 0);
  expect(list.checked('a', failed, 0)).toBe(true);
  list.add([failed], 0);
  expect(list.toCheck(10_000, 10)).toEqual([]);
  list.add([timer('a')], 0);
  expect(list.checked('a', failed, 0)).toBe(false);
  list.add([timer('a')], 0);
  expect(list.checked('a', { ...failed, status: 'completed', executed_at: at(9_000) }, 0)).toBe(true);
});

test('does not report what had finished before, was canceled or was deleted', () => {
  const list = new WatchList();
  const old = timer('old', { status: 'completed', executed_at: at(0) });
  list.ignore([old]);
  list.add([old, timer('canceled', { status: 'canceled' }), timer('deleted'), timer('soon canceled')], 5_000);
  expect(list.toCheck(5_000, 10)).toEqual(['deleted', 'soon canceled']);
  expect(list.checked('deleted', undefined, 0)).toBe(false);
  expect(list.checked('soon canceled', timer('soon canceled', { status: 'canceled' }), 0)).toBe(false);
  expect(list.toCheck(5_000, 10)).toEqual([]);
});
