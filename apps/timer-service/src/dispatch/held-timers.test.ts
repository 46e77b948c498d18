import { describe, expect, test } from '@jest/globals';
import { HeldTimers } from './held-timers.ts';
import { claimedRow } from './testing/claimed-timer.ts';

function countsOf(held: HeldTimers) {
  return {
    recent: held.count('recent'),
    backlog: held.count('backlog'),
    suspect: held.count('suspect'),
    bytes: held.bytes,
  };
}

describe('HeldTimers', () => {
  test.each(['recent', 'backlog'] as const)(
    'a %s timer counts until it starts, its bytes until it ends',
    (range) => {
      const held = new HeldTimers();
      const row = claimedRow({ range, bytes: 70 });
      const nothing = { recent: 0, backlog: 0, suspect: 0 };
      held.claimed(row);
      expect(countsOf(held)).toEqual({ ...nothing, [range]: 1, bytes: 70 });
      held.started(row);
      expect(countsOf(held)).toEqual({ ...nothing, bytes: 70 });
      held.ended(row);
      expect(countsOf(held)).toEqual({ ...nothing, bytes: 0 });
    },
  );

  test('a suspect counts until it ends', () => {
    const held = new HeldTimers();
    const row = claimedRow({ range: 'suspect', bytes: 70 });
    held.claimed(row);
    held.started(row);
    expect(countsOf(held)).toEqual({ recent: 0, backlog: 0, suspect: 1, bytes: 70 });
    held.ended(row);
    expect(countsOf(held)).toEqual({ recent: 0, backlog: 0, suspect: 0, bytes: 0 });
  });

  test.each(['recent', 'backlog', 'suspect'] as const)(
    'a %s timer that leaves without an attempt no longer counts',
    (range) => {
      const held = new HeldTimers();
      held.claimed(claimedRow({ range }));
      held.claimed(claimedRow({ range: 'recent', bytes: 5 }));
      held.dropped(claimedRow({ range }));
      expect(countsOf(held)).toEqual({ recent: 1, backlog: 0, suspect: 0, bytes: 5 });
    },
  );
});
