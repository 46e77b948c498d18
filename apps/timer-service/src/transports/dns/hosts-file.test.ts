import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { hostsFile, parseHosts } from './hosts-file.ts';

test('parses addresses, aliases and comments', () => {
  const hosts = parseHosts(
    '# 192.0.2.9 no\n127.0.0.1\tlocalhost Box # 192.0.2.9\r\n::1 localhost\n\nnot-an-address a\n10.0.0.5  hooks.internal',
  );
  expect([...hosts]).toEqual([
    [
      'localhost',
      [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ],
    ],
    ['box', [{ address: '127.0.0.1', family: 4 }]],
    ['hooks.internal', [{ address: '10.0.0.5', family: 4 }]],
  ]);
});

test('finds names in any case and with a trailing dot, and reads the file again after five seconds', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'hosts-'));
  try {
    const file = path.join(directory, 'hosts');
    let nowMs = 0;
    const lookup = hostsFile({ monotonicMs: () => nowMs, wallMs: () => 0 }, file);
    expect(lookup('a')).toBeUndefined();
    await writeFile(file, '10.0.0.1 a');
    expect(lookup('a')).toBeUndefined();
    nowMs = 5_000;
    expect(lookup('A.')).toEqual([{ address: '10.0.0.1', family: 4 }]);
    expect(lookup('b')).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true });
  }
});
