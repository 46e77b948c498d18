import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findLossyNumber } from './lossy-number.ts';

describe('findLossyNumber', () => {
  test.each<[string, (string | number)[], string]>([
    ['1000000000000000000000001', [], 'would become 1e+24: send it as a string'],
    ['{"a":{"b c":[0,1,0.1000000000000000055511151231257827]}}', ['a', 'b c', 2], 'would become 0.1: '],
    ['[1e400]', [0], 'is too large'],
    ['[-1e-400]', [0], 'would become 0: '],
    ['{"a":[{}],"x":9007199254740993}', ['x'], 'would become 9007199254740992: '],
    [
      String.raw`{"a\\":"1e999\"","a\"b":[[],[1,12345678901234567]]}`,
      ['a"b', 1, 1],
      'would become 12345678901234568: ',
    ],
    [`[0.${'0'.repeat(1_400_000)}]`, [0], 'is a number of more than 400 characters'],
  ])('finds the issue in %#', async (text, path, message) => {
    expect(await findLossyNumber(text)).toEqual({ path, message: expect.stringContaining(message) });
  });

  test.each([
    '0',
    '-0',
    '-0.0e-9',
    '1.0000000000000000000',
    '[1e308, 5e-324, 1.7976931348623157e308, 1E+2, 100000000000000000000000]',
    '{"1e999": "1000000000000000000000001", "b": "\\\\", "c": "\\"1e999"}',
    `1${'0'.repeat(308)}`,
    'true',
    '""',
  ])('finds no issue in %s', async (text) => {
    expect(await findLossyNumber(text)).toBeUndefined();
  });

  test('finds no issue in anything that JavaScript prints', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        async (json, number) => {
          expect(await findLossyNumber(`[${json},${JSON.stringify(number)}]`)).toBeUndefined();
        },
      ),
    );
  });

  test('finds every number whose digits are not those of the double', async () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,2})?$/);
    await fc.assert(
      fc.asyncProperty(digits, async (number) => {
        const kept = Number(number);
        // toFixed and BigInt give all digits of small numbers and of integers.
        const exact = (text: string): boolean => {
          const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
          const [whole = '', fraction = ''] = mantissa.split('.');
          const scale = 60 + Number(exponent) - fraction.length;
          const [keptMantissa = '', keptExponent = '0'] = String(kept).split('e');
          const [keptWhole = '', keptFraction = ''] = keptMantissa.split('.');
          const keptScale = 60 + Number(keptExponent) - keptFraction.length;
          const least = Math.min(scale, keptScale);
          const one = BigInt(whole + fraction) * 10n ** BigInt(scale - least);
          return one === BigInt(keptWhole + keptFraction) * 10n ** BigInt(keptScale - least);
        };
        expect((await findLossyNumber(number)) === undefined).toBe(exact(number));
      }),
      { numRuns: 2_000 },
    );
  });
});
