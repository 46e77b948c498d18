import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ERRORS } from '@timer-platform/callback-types';
import { z } from 'zod';
import { apiSettingsSchema } from './api/api-settings.ts';
import { API_KEY, startTestApi, type TestApi } from './api/testing/test-api.ts';

const text = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');

interface Example {
  readonly commands: string;
  readonly status: number;
  readonly answer: string;
}

/** Every shell block with the answer that stands below it. */
const examples = Array.from(
  text.matchAll(/```sh\n([\s\S]*?)```\n\n```json (\d+)\n([\s\S]*?)```/g),
  ([, commands = '', status = '', answer = '']): Example => ({ commands, status: Number(status), answer }),
);

/** The words of the curl commands of a block, quotes taken off and variables put in, as a shell would. */
function curlCommands(block: string, variables: Readonly<Record<string, string>>): string[][] {
  const commands: string[][] = [];
  for (const [word] of block.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)) {
    if (word === 'curl') commands.push([]);
    const value = word.startsWith("'")
      ? word.slice(1, -1)
      : word.replace(/^"|"$/g, '').replace(/\$([A-Z_]+)/g, (_, name: string) => {
          const variable = variables[name];
          if (variable === undefined) throw new Error(`$${name} is not set`);
          return variable;
        });
    commands.at(-1)?.push(value);
  }
  return commands;
}

function toRequest([curl, ...words]: readonly string[]) {
  expect(curl).toBe('curl');
  const request = {
    method: 'GET',
    url: '',
    headers: {} as Record<string, string>,
    body: undefined as string | undefined,
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const next = () => words[(index += 1)] ?? '';
    if (word === '-s') continue;
    if (word === '-X') request.method = next();
    else if (word === '-d') {
      request.body = next();
      if (request.method === 'GET') request.method = 'POST';
    } else if (word === '-H') {
      const [name = '', value = ''] = next().split(/: (.*)/s);
      request.headers[name] = value;
    } else {
      expect(word).toMatch(/^http:/);
      request.url = word;
    }
  }
  return request;
}

/** What differs from run to run looks the same afterwards. */
function comparable(value: unknown): unknown {
  const json = JSON.stringify(value)
    .replace(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"<id>"')
    .replace(/"next_cursor":"[\w-]+"/g, '"next_cursor":"<cursor>"')
    .replace(/"20[2-8]\d-[\dT:.-]+Z"/g, '"<about now>"');
  return JSON.parse(json);
}

let api: TestApi;
let url: string;
beforeAll(async () => {
  api = await startTestApi();
  url = await api.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => api.close());

describe('docs/api.md', () => {
  test('has examples, each with its answer', () => {
    expect(examples.length).toBeGreaterThan(12);
    expect(examples).toHaveLength(text.match(/```sh\n/g)?.length ?? 0);
    expect(examples).toHaveLength(text.match(/```json/g)?.length ?? 0);
  });

  test('every call answers what the page says', async () => {
    const variables: Record<string, string> = { API: url, API_KEY };
    for (const { commands, status, answer } of examples) {
      let last: { status: number; body: unknown } | undefined;
      const count = commands.match(/^curl /gm)?.length ?? 0;
      for (let index = 0; index < count; index += 1) {
        // Taken apart anew for each command: the one before may have set ID.
        const words =
          curlCommands(commands.replaceAll('$ID', variables['ID'] ?? '<no id yet>'), variables)[index] ?? [];
        const request = toRequest(words);
        const response = await fetch(request.url, {
          method: request.method,
          headers: request.headers,
          ...(request.body === undefined ? {} : { body: request.body }),
        });
        last = { status: response.status, body: await response.json() };
        const id = z.object({ data: z.object({ id: z.string() }) }).safeParse(last.body);
        if (id.success) variables['ID'] = id.data.data.id;
      }
      const expected = { status, body: comparable(JSON.parse(answer)) };
      expect({ ...last, body: comparable(last?.body) }).toStrictEqual(expected);
    }
  });

  test('lists every code', () => {
    const unaligned = text.replaceAll(/ {2,}/g, ' ');
    const rows = Object.values(ERRORS).map(
      ({ code, status, meaning }) => `| ${code} | ${status} | ${meaning} |`,
    );
    for (const row of rows) expect(unaligned).toContain(row);
    expect(unaligned.match(/^\| \d+ \| \d+ \|/gm)).toHaveLength(rows.length);
  });

  test('names every variable', () => {
    for (const name of Object.keys(apiSettingsSchema.in.shape)) expect(text).toContain(`\`${name}\``);
  });
});

describe('README.md', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

  test('its calls store timers', async () => {
    const blocks = [...readme.matchAll(/```sh\n(curl [\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(blocks).not.toEqual([]);
    for (const block of blocks)
      for (const words of curlCommands(block, { TIMERS: url, KEY: API_KEY })) {
        const request = toRequest(words);
        const { method, headers, body } = request;
        const response = await fetch(request.url, {
          method,
          headers,
          ...(body === undefined ? {} : { body }),
        });
        expect([body, response.status]).toEqual([body, 201]);
      }
  });

  test('links to files that are there', () => {
    for (const [, target = ''] of readme.matchAll(/\]\(((?!https?:)[^)#]+)/g))
      expect([target, existsSync(new URL(`../../../${target}`, import.meta.url))]).toEqual([target, true]);
  });
});
