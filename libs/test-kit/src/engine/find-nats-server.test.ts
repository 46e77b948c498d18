import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findNatsServer } from './find-nats-server.ts';

let directory: string;
let program: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'find-nats-server-'));
  program = path.join(directory, 'nats-server');
  await writeFile(program, '');
  await chmod(program, 0o755);
});
afterAll(() => rm(directory, { recursive: true }));

describe('findNatsServer', () => {
  test('takes the configured program, else one on the search path', () => {
    expect(findNatsServer(program, '')).toBe(program);
    expect(findNatsServer(undefined, `/nowhere${path.delimiter}${directory}`)).toBe(program);
  });

  test('a configured program that does not exist is named', () => {
    expect(() => findNatsServer('/nowhere/nats-server', directory)).toThrow(
      'The nats-server /nowhere/nats-server is not an executable file',
    );
  });
});
