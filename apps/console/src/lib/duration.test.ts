import { describe, expect, test } from '@jest/globals';
import {
  formatDuration as formatOfContract,
  parseDuration as parseOfContract,
} from '@timer-platform/callback-types';
import fc from 'fast-check';
import { durationInWords, formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test('reads durations as the contract does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
        expect(parseDuration(formatOfContract(ms))).toBe(ms);
      }),
    );
  });

  test('refuses what the contract refuses', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9mshd. -]{0,8}$/), (text) => {
        expect(parseDuration(text)).toBe(parseOfContract(text));
      }),
    );
  });
});

test.each([
  ['0s', 'nothing'],
  ['90s', '1 minute 30 seconds'],
  ['1d12h', '1 day 12 hours'],
  ['1500ms', '1 second 500 milliseconds'],
  ['soon', 'soon'],
])('%s in words is %s', (text, words) => {
  expect(durationInWords(text)).toBe(words);
});

test('a duration is written as the contract does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
      expect(formatDuration(ms)).toBe(formatOfContract(ms));
    }),
  );
});
