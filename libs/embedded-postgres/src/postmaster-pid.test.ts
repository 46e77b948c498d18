import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parsePostmasterPid, readPostmasterPid } from './postmaster-pid.ts';

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

test('readPostmasterPid returns undefined if there is no file', async () => {
  expect(await readPostmasterPid(path.join(tmpdir(), 'no-such-data-directory'))).toBeUndefined();
});
