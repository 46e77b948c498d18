import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from './exit-codes.ts';

test('every exit code of an error stands in the runbook, and the runbook has no other', async () => {
  const runbook = await readFile(new URL('../../../docs/migrating.md', import.meta.url), 'utf8');
  const documented = new Map(
    Array.from(runbook.matchAll(/^\| (\d+) +\| ([^|]*?) +\|$/gm), (match) => [
      Number(match[1]),
      match[2] ?? '',
    ]),
  );
  for (const [code, number] of Object.entries(EXIT_CODE_OF_ERROR)) {
    if (number > EXIT_CODE.usage)
      expect(`${number} ${documented.get(number) ?? ''}`).toMatch(new RegExp(`^${number} ${code}: `));
  }
  const known = new Set<number>([...Object.values(EXIT_CODE), ...Object.values(EXIT_CODE_OF_ERROR)]);
  expect([...documented.keys()].filter((number) => !known.has(number))).toEqual([]);
});

test('no two errors share an exit code, but for those that mean a wrong command line', () => {
  const numbers = Object.values(EXIT_CODE_OF_ERROR).filter((number) => number !== EXIT_CODE.usage);
  expect(new Set(numbers).size).toBe(numbers.length);
});
