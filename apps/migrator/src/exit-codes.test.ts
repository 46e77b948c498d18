import { readFile } from 'node:fs/promises';

import { expect, it } from '@jest/globals';

import { exitCode, exitCodeOfError } from './exit-codes.ts';

it('every exit code of an error stands in the runbook, and the runbook has no other', async () => {
  const runbook = await readFile(new URL('../../../docs/migrating.md', import.meta.url), 'utf8');
  const documented = new Map(
    Array.from(runbook.matchAll(/^\| (\d+) \| ([^|]*) \|$/gm), (match) => [Number(match[1]), match[2] ?? '']),
  );
  for (const [code, number] of Object.entries(exitCodeOfError)) {
    if (number > exitCode.usage)
      expect(`${number} ${documented.get(number) ?? ''}`).toMatch(new RegExp(`^${number} ${code}: `));
  }
  const known = new Set<number>([...Object.values(exitCode), ...Object.values(exitCodeOfError)]);
  expect([...documented.keys()].filter((number) => !known.has(number))).toEqual([]);
});

it('no two errors share an exit code, but for those that mean a wrong command line', () => {
  const numbers = Object.values(exitCodeOfError).filter((number) => number !== exitCode.usage);
  expect(new Set(numbers).size).toBe(numbers.length);
});
