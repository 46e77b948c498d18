import { expect, test } from '@jest/globals';
import { CALLBACK_TYPES, TIMER_STATES } from '@timer-platform/callback-types';
import { CALLBACK_TYPE_CHOICES, STATUSES } from './commands/filters.ts';
import { wantsColors } from './config.ts';
import { createOutput, type OutputOptions } from './output.ts';

function write(isTTY: boolean, options: Partial<OutputOptions>): string {
  let text = '';
  const stream = {
    isTTY,
    write: (chunk: string) => {
      text += chunk;
      return true;
    },
  };
  const output = createOutput(stream, stream, { format: undefined, colors: true, ...options });
  const rows = [
    [{ text: 'a' }, { text: 'failed', color: 'red' as const }],
    [{ text: 'bcd' }, { text: '\u001b]0;title\u0007' }],
  ];
  output.result({ text: '\u009b1m' }, () => output.table(['ID', 'STATUS'], rows));
  return text;
}

test('is JSON if standard output is not a terminal, safe to show on one', () => {
  expect(write(false, {})).toBe('{"text":"\\u009b1m"}\n');
  expect(write(true, { format: 'json' })).toBe('{"text":"\\u009b1m"}\n');
});

test('is a table on a terminal: aligned, colored, without the escape sequences of others', () => {
  expect(write(true, {})).toBe(
    '\u001b[2mID\u001b[0m   \u001b[2mSTATUS\u001b[0m\na    \u001b[31mfailed\u001b[0m\nbcd  \\u001b]0;title\\u0007\n',
  );
  const plain = 'ID   STATUS\na    failed\nbcd  \\u001b]0;title\\u0007\n';
  expect(write(true, { colors: false })).toBe(plain);
  expect(write(false, { format: 'table' })).toBe(plain);
});

test('has colors unless NO_COLOR is set or the terminal is dumb', () => {
  expect([wantsColors({}), wantsColors({ NO_COLOR: '1' }), wantsColors({ TERM: 'dumb' })]).toEqual([
    true,
    false,
    false,
  ]);
  expect(wantsColors({ NO_COLOR: '' })).toBe(true);
});

test('the values of filters are those of the contract', () => {
  expect(STATUSES).toEqual(TIMER_STATES);
  expect(CALLBACK_TYPE_CHOICES).toEqual(CALLBACK_TYPES);
});
