import { describe, expect, test } from '@jest/globals';
import { StrayClaims } from './stray-claims.ts';

const a = { id: 'a', claim: 1 };
const b = { id: 'b', claim: 7 };

describe('StrayClaims', () => {
  test('a claim is stray when two looks in a row find it and nobody knows of it', () => {
    const strays = new StrayClaims();
    const held = new Map([['b', 7]]);
    expect(strays.looked([a, b], held)).toEqual([]);
    expect(strays.looked([a, b], held)).toEqual([a]);
  });

  test('one whose answer was on its way, one that was settled meanwhile and one that was claimed anew are not', () => {
    const strays = new StrayClaims();
    strays.looked([a, b, { id: 'c', claim: 1 }], new Map());
    expect(strays.looked([a, { id: 'c', claim: 2 }], new Map([['a', 1]]))).toEqual([]);
  });

  test('looks now and then, after every failure, and once more to be sure', () => {
    const strays = new StrayClaims();
    const due = (heartbeats: number) => Array.from({ length: heartbeats }, () => strays.isDue());
    expect(due(14)).not.toContain(true);
    expect(due(3)).toEqual([true, true, false]);
    strays.databaseFailed();
    expect(due(4)).toEqual([true, true, true, false]);
    strays.looked([a], new Map());
    expect(due(2)).toEqual([true, false]);
  });
});
