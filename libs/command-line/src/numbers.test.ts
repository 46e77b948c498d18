import { describe, expect, test } from '@jest/globals';
import { parseNonNegativeInteger, parsePositiveInteger } from './numbers.ts';

const INVALID = ['', ' 5', '-1', '1.5', '1e3', '0x10', 'ten', '9007199254740992'];

describe('parseNonNegativeInteger', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('accepts "%s"', (text, value) => {
    expect(parseNonNegativeInteger(text)).toBe(value);
  });

  test.each(INVALID)('rejects "%s"', (text) => {
    expect(() => parseNonNegativeInteger(text)).toThrow('Use a whole number, for example 50000.');
  });
});

describe('parsePositiveInteger', () => {
  test('accepts 1 and more', () => {
    expect(parsePositiveInteger('1')).toBe(1);
    expect(parsePositiveInteger('50000')).toBe(50_000);
  });

  test.each(['0', ...INVALID])('rejects "%s"', (text) => {
    expect(() => parsePositiveInteger(text)).toThrow('Use a whole number above 0, for example 50000.');
  });
});
