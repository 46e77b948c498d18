import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstRange, nextRange, type PageRange, TURNS } from './page-ranges.ts';

test('every page is in one range, each range in all turns, the last of which moves the position', () => {
  fc.assert(
    fc.property(
      fc.record({ pages: fc.integer({ min: 0, max: 300 }), rows: fc.integer({ min: 0, max: 10_000 }) }),
      fc.nat(300),
      fc.array(fc.integer({ min: 50, max: 20_000 }), { minLength: 1 }),
      (table, start, batchRows) => {
        let position = start;
        let range: PageRange | undefined = firstRange(table, start, 50);
        for (let batch = 0; range !== undefined; batch++) {
          expect(range.from).toBe(position);
          expect(range.turn).toBe(batch % TURNS);
          expect(range.isLastTurn).toBe(batch % TURNS === TURNS - 1);
          if (range.isLastTurn) {
            expect(range.to).toBeGreaterThan(position);
            position = range.to;
          }
          range = nextRange(table, range, batchRows[batch % batchRows.length] ?? 50);
        }
        expect(position).toBe(Math.max(table.pages, start));
      },
    ),
  );
});

test('a range is as long as its turns need, whatever the next batch asks for', () => {
  const table = { pages: 1_000, rows: 50_000 };
  const first = firstRange(table, 10, 100);
  expect(first).toMatchObject({ from: 10, to: 10 + (100 * TURNS) / 50, batchRows: 100 });
  expect(first && nextRange(table, first, 20_000)).toMatchObject({ to: first?.to, batchRows: 100, turn: 1 });
});
