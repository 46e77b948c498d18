import { describe, expect, test } from '@jest/globals';
import { OrphanedClaims } from './orphaned-claims.ts';

const a = { id: 'a', fencingToken: 1 };
const b = { id: 'b', fencingToken: 7 };

describe('OrphanedClaims', () => {
  test('a claim is orphaned if two consecutive checks find it unknown', () => {
    const orphans = new OrphanedClaims();
    orphans.claimed([b]);
    expect(orphans.check([a, b])).toEqual([]);
    expect(orphans.check([a, b])).toEqual([a]);
  });

  test('a claim is not orphaned if it becomes known, is settled or is claimed again between the checks', () => {
    const orphans = new OrphanedClaims();
    orphans.check([a, b, { id: 'c', fencingToken: 1 }]);
    orphans.claimed([a]);
    expect(orphans.check([a, { id: 'c', fencingToken: 2 }])).toEqual([]);
  });

  test('a settle removes its own claim, not a newer one of the same timer', () => {
    const orphans = new OrphanedClaims();
    orphans.claimed([a, b]);
    orphans.claimed([{ id: 'b', fencingToken: 8 }]);
    orphans.settled([a, b]);
    orphans.check([a, { id: 'b', fencingToken: 8 }]);
    expect(orphans.check([a, { id: 'b', fencingToken: 8 }])).toEqual([a]);
  });

  test('checks run at regular heartbeats, after database errors and to confirm a suspicion', () => {
    const orphans = new OrphanedClaims();
    const due = (heartbeats: number) => Array.from({ length: heartbeats }, () => orphans.isDue());
    expect(due(14)).not.toContain(true);
    expect(due(3)).toEqual([true, true, false]);
    orphans.databaseFailed();
    expect(due(4)).toEqual([true, true, true, false]);
    orphans.check([a]);
    expect(due(2)).toEqual([true, false]);
  });
});
