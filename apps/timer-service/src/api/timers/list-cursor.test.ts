import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../http/api-error.ts';
import { decodeCursor, encodeCursor } from './list-cursor.ts';

const kind = { sort: 'created_at', order: 'desc', status: 'failed', callback_type: undefined } as const;
const position = { micros: '1764000000000001', id: '0198c0de-0000-7000-8000-000000000001' };

describe('decodeCursor', () => {
  test('returns the encoded position', () => {
    expect(decodeCursor(kind, encodeCursor(kind, position))).toStrictEqual(position);
    const early = { ...position, micros: '-1' };
    expect(decodeCursor(kind, encodeCursor(kind, early))).toStrictEqual(early);
  });

  test.each([
    { ...kind, sort: 'execute_at' },
    { ...kind, order: 'asc' },
    { ...kind, status: 'pending' },
    { ...kind, status: undefined },
    { ...kind, callback_type: 'http' },
  ] as const)('rejects the cursor of another list: %j', (other) => {
    expect(() => decodeCursor(other, encodeCursor(kind, position))).toThrow(
      'must be used with the sort, the order and the filters of its list',
    );
  });

  test.each([
    ['created_at desc failed ', '1; DROP TABLE timers', position.id],
    ['created_at desc failed ', '9999999999999999999', position.id],
    ['created_at desc failed ', '1', 'not a uuid'],
    ['created_at desc failed ', 1, position.id],
    ['created_at desc failed ', '1'],
    { micros: '1' },
    null,
  ])('rejects a forged cursor: %j', (content) => {
    const text = Buffer.from(JSON.stringify(content)).toString('base64url');
    expect(() => decodeCursor(kind, text)).toThrow(ApiError);
  });

  test('rejects any text with an ApiError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => decodeCursor(kind, text)).toThrow(ApiError);
      }),
    );
  });
});
