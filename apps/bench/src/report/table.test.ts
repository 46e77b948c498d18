import { expect, test } from '@jest/globals';
import { formatNumber, formatTable } from './table.ts';

test('formatTable aligns numbers right and text left', () => {
  expect(
    formatTable(
      ['name', 'value'],
      [
        ['a', formatNumber(12_345.678, 1)],
        ['longer', formatNumber(Number.NaN)],
      ],
    ),
  ).toBe(['name       value', '------  --------', 'a       12,345.7', 'longer         -'].join('\n'));
});
