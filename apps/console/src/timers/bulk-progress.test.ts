import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  answered,
  broken,
  type BulkProgress,
  continued,
  counted,
  countFailed,
  COUNTING,
  doneShare,
  recounted,
  started,
  stopAsked,
} from './bulk-progress.ts';

const ID = '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c60';
const page = (changed: number, cursor: string | null, skipped = 0) => ({
  changed,
  skipped,
  more: cursor !== null,
  cursor,
  action_id: changed > 0 ? ID : null,
});
const COUNTED = counted(COUNTING, { matched: 2_500, more: false });

describe('a bulk change', () => {
  test('is counted, runs until nothing is left, and adds up', () => {
    let progress = started(COUNTED);
    progress = answered(progress, page(1_000, 'a'));
    expect(progress).toMatchObject({ step: 'running', totals: { changed: 1_000, cursor: 'a' } });
    progress = answered(progress, page(990, 'b', 10));
    progress = answered(progress, page(0, null));
    expect(progress).toEqual({
      step: 'finished',
      count: { matched: 2_500, more: false },
      totals: { changed: 1_990, skipped: 10, requests: 3, cursor: null, actionId: ID },
    });
  });

  test('stops after the request under way, and goes on from there', () => {
    const stopping = stopAsked(started(COUNTED));
    expect(stopping).toMatchObject({ step: 'running', stopping: true });
    const stopped = answered(stopping, page(1_000, 'a'));
    expect(stopped).toMatchObject({ step: 'stopped', totals: { cursor: 'a' } });
    expect(continued(stopped)).toMatchObject({ step: 'running', stopping: false, totals: { cursor: 'a' } });
  });

  test('keeps what it has done when a request fails', () => {
    const error = new Error('no answer');
    const progress = broken(answered(started(COUNTED), page(1_000, 'a')), error);
    expect(progress).toMatchObject({ step: 'interrupted', error, totals: { changed: 1_000, cursor: 'a' } });
    expect(continued(progress)).toMatchObject({ step: 'running', totals: { changed: 1_000, cursor: 'a' } });
  });

  test('does not start for nothing, nor before it is counted', () => {
    const nothing = counted(COUNTING, { matched: 0, more: false });
    expect(started(nothing)).toBe(nothing);
    expect(started(COUNTING)).toBe(COUNTING);
    const failed = countFailed(COUNTING, new Error('no'));
    expect(started(failed)).toBe(failed);
    expect(recounted(failed)).toBe(COUNTING);
  });
});

test('whatever comes in whatever order, what was done is never lost nor counted twice', () => {
  const events = fc.array(
    fc.oneof(
      fc.constantFrom('start', 'stop', 'break', 'continue', 'recount'),
      fc.record({ changed: fc.nat(10), skipped: fc.nat(3), cursor: fc.option(fc.string({ minLength: 1 })) }),
    ),
  );
  const steps = { start: started, stop: stopAsked, continue: continued, recount: recounted };
  fc.assert(
    fc.property(events, (list) => {
      let progress: BulkProgress = COUNTED;
      let changed = 0;
      for (const event of list) {
        if (typeof event === 'object') {
          if (progress.step === 'running') changed += event.changed;
          progress = answered(progress, page(event.changed, event.cursor, event.skipped));
        } else if (event === 'break') progress = broken(progress, new Error('no'));
        else progress = steps[event](progress);
        if ('totals' in progress) expect(progress.totals.changed).toBe(changed);
        else expect(changed).toBe(0);
      }
    }),
  );
});

test('the share that is done is unknown beyond what was counted', () => {
  const totals = { changed: 400, skipped: 100, requests: 1, cursor: 'a', actionId: null };
  expect(doneShare({ matched: 1_000, more: false }, totals)).toBe(0.5);
  expect(doneShare({ matched: 200, more: false }, totals)).toBe(1);
  expect(doneShare({ matched: 500, more: true }, totals)).toBeNull();
  expect(doneShare({ matched: 0, more: false }, totals)).toBe(1);
});
