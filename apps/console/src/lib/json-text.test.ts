import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatJson, parseJsonText } from './json-text.ts';

describe('parseJsonText', () => {
  test('reads back every value that was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const arrived: unknown = JSON.parse(JSON.stringify(value));
        expect(parseJsonText(formatJson(value))).toEqual({ ok: true, value: arrived });
      }),
    );
  });

  test.each(['12345678901234567890', '0.1234567890123456789', '1e400', '{"a": [-9007199254740993]}'])(
    'refuses %s, whose digits would be lost',
    (text) => {
      expect(parseJsonText(text)).toMatchObject({
        ok: false,
        problem: expect.stringContaining('would lose digits') as unknown,
      });
    },
  );

  test.each([
    '1.0',
    '1e2',
    '100000000000000000000000',
    '"12345678901234567890"',
    '"\\"12345678901234567890"',
  ])('accepts %s', (text) => {
    expect(parseJsonText(text).ok).toBe(true);
  });

  test('says where the JSON ends to be JSON', () => {
    expect(parseJsonText('{"a": }')).toMatchObject({
      ok: false,
      problem: expect.stringContaining('is no JSON: ') as unknown,
    });
  });
});
