import { describe, expect, test } from '@jest/globals';
import { OrphanedClaims } from './orphaned-claims.ts';

const a = { id: 'a', fencingToken: 1 };
const b = { id: 'b', fencingToken: 7 };

describe('StrayClaims', () => {
  test('a claim is stray when two looks in a row find it and nobody knows of it', () => {
    const strays = new OrphanedClaims();
    const held = new Map([['b', 7]]);
    expect(strays.check([a, b], held)).toEqual([]);
    expect(strays.check([a, b], held)).toEqual([a]);
  });

  test('one whose answer was on its way, one that was settled meanwhile and one that was claimed anew are not', () => {
    const strays = new OrphanedClaims();
    strays.check([a, b, { id: 'c', fencingToken: 1 }], new Map());
    expect(strays.check([a, { id: 'c', fencingToken: 2 }], new Map([['a', 1]]))).toEqual([]);
  });

  test('looks now and then, after every failure, and once more to be sure', () => {
    const strays = new OrphanedClaims();
    const due = (heartbeats: number) => Array.from({ length: heartbeats }, () => strays.isDue());
    expect(due(14)).not.toContain(true);
    expect(due(3)).toEqual([true, true, false]);
    strays.databaseFailed();
    expect(due(4)).toEqual([true, true, true, false]);
    strays.check([a], new Map());
    expect(due(2)).toEqual([true, false]);
  });
});
