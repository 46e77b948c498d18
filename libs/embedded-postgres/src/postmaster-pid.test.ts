import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  isPostmasterOf,
  parsePostmasterPid,
  postmasterPidFile,
  readPostmasterPid,
} from './postmaster-pid.ts';

describe('parsePostmasterPid', () => {
  test('parses the file of a running server', () => {
    const text = '4711\n/srv/data\n1790000000\n16042\n\n127.0.0.1\n   123   456\nready   \n';
    expect(parsePostmasterPid(text)).toEqual({
      pid: 4711,
      dataDirectory: '/srv/data',
      port: 16_042,
      ready: true,
    });
  });

  test('returns no port early in the start of a server', () => {
    expect(parsePostmasterPid('4711\n/srv/data\n')).toEqual({
      pid: 4711,
      dataDirectory: '/srv/data',
      port: undefined,
      ready: false,
    });
  });

  test('reports a server that is stopping as not ready', () => {
    const text = '4711\n/srv/data\n1790000000\n16042\n\n127.0.0.1\n   123   456\nstopping\n';
    expect(parsePostmasterPid(text)?.ready).toBe(false);
  });

  test.each(['', '\n', 'x\n/srv/data\n', '0\n/srv/data\n', '4711'])('returns undefined for %j', (text) => {
    expect(parsePostmasterPid(text)).toBeUndefined();
  });
});

describe('isPostmasterOf', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await realpath(await mkdtemp(path.join(tmpdir(), 'postmaster-pid-')));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('is false for an unrelated process, even if the file names it', async () => {
    await writeFile(postmasterPidFile(directory), `${process.pid}\n${directory}-of-another\n0\n16000\n`);
    const found = await readPostmasterPid(directory);
    expect(found?.pid).toBe(process.pid);
    expect(
      await isPostmasterOf(directory, found ?? { pid: 0, dataDirectory: '', port: undefined, ready: false }),
    ).toBe(false);
  });

  test('is false for a process that does not exist', async () => {
    expect(
      await isPostmasterOf(directory, { pid: 2 ** 22 + 1, dataDirectory: directory, port: 1, ready: true }),
    ).toBe(false);
  });
});

test('readPostmasterPid returns undefined if there is no file', async () => {
  expect(await readPostmasterPid(path.join(tmpdir(), 'no-such-data-directory'))).toBeUndefined();
});
