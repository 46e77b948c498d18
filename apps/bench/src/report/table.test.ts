import { expect, test } from '@jest/globals';
import { figure, textTable } from './table.ts';

test('numbers stand at the right, text at the left', () => {
  expect(
    textTable(
      ['name', 'value'],
      [
        ['a', figure(12_345.678, 1)],
        ['longer', figure(Number.NaN)],
      ],
    ),
  ).toBe(['name       value', '------  --------', 'a       12,345.7', 'longer         -'].join('\n'));
});
