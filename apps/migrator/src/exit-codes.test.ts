import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from './exit-codes.ts';

test('docs/migrating.md lists exactly the exit codes of the errors', async () => {
  const manual = await readFile(new URL('../../../docs/migrating.md', import.meta.url), 'utf8');
  const documented = new Map(
    Array.from(manual.matchAll(/^\| (\d+) +\| ([^|]*?) +\|$/gm), (match) => [
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

test('each error has its own exit code, except for errors of the command line', () => {
  const numbers = Object.values(EXIT_CODE_OF_ERROR).filter((number) => number !== EXIT_CODE.usage);
  expect(new Set(numbers).size).toBe(numbers.length);
});
