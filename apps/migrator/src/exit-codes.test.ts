import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { EXIT_CODE, EXIT_CODE_OF_ERROR } from './exit-codes.ts';

/** The list of docs/migrating.md: the code, the error codes in backticks, and what an operator does. */
async function readDocumented(): Promise<Map<number, string[]>> {
  const manual = await readFile(new URL('../../../docs/migrating.md', import.meta.url), 'utf8');
  const section = manual.slice(manual.indexOf('## Exit codes'));
  return new Map(
    Array.from(section.matchAll(/^- \*\*(\d+)\*\*(?: \(([^)]*)\))?:/gm), (match) => [
      Number(match[1]),
      Array.from((match[2] ?? '').matchAll(/`([a-z-]+)`/g), (error) => error[1] ?? ''),
    ]),
  );
}

test('docs/migrating.md lists exactly the exit codes, each with its error codes', async () => {
  const expected = Object.values(EXIT_CODE).map((number): [number, string[]] => [
    number,
    Object.entries(EXIT_CODE_OF_ERROR)
      .filter(([, exitCode]) => exitCode === number)
      .map(([code]) => code)
      .sort(),
  ]);
  const documented = await readDocumented();
  const sorted = [...documented].map(([number, codes]): [number, string[]] => [number, codes.sort()]);
  expect(new Map(sorted)).toEqual(new Map(expected));
});
