import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from './program.ts';

/** The sources whose messages an operator of the migrator sees. */
const SOURCES = ['apps/migrator/src', 'libs/migrations/src', 'libs/database/src'];
const root = fileURLToPath(new URL('../../../', import.meta.url));

async function readLines(): Promise<{ where: string; line: string }[]> {
  const names = await Promise.all(
    SOURCES.map(async (source) =>
      (await readdir(path.join(root, source), { recursive: true })).map((name) => path.join(source, name)),
    ),
  );
  const files = names.flat().filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const texts = await Promise.all(files.map((name) => readFile(path.join(root, name), 'utf8')));
  return texts.flatMap((text, index) =>
    text
      .split('\n')
      .filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line))
      .map((line) => ({ where: files[index] ?? '', line })),
  );
}

function findCommand(program: Command, words: readonly string[]): Command | undefined {
  const [word, ...rest] = words;
  const found = program.commands.find((command) => command.name() === word);
  return found === undefined || found.commands.length === 0 ? found : findCommand(found, rest);
}

test('each command in a message can be pasted into a shell, and has the options that the message names', async () => {
  const output = { line: () => undefined, note: () => undefined, json: () => undefined, isTerminal: false };
  const program = buildProgram({ env: {}, output, listenForStop: () => new AbortController().signal });
  const hints = (await readLines()).flatMap(({ where, line }) =>
    Array.from(line.matchAll(/(npx nx run )?migrator:([a-z-]+)(?: -- ([^`'"\\,;]*))?/g), (match) => ({
      where,
      pasteable: match[1] !== undefined,
      text: match[0],
      words: [match[2] ?? '', ...(match[3] ?? '').split(' ')],
    })),
  );
  expect(hints.length).toBeGreaterThan(10);
  for (const { where, pasteable, text, words } of hints) {
    const command = findCommand(program, words);
    const unknown = words.filter(
      (word) => word.startsWith('--') && command?.options.every((option) => option.long !== word),
    );
    expect({ where, text, pasteable, known: command !== undefined, unknown }).toEqual({
      where,
      text,
      pasteable: true,
      known: true,
      unknown: [],
    });
  }
});
