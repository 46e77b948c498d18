import { describe, expect, test } from '@jest/globals';
import { isSamePath, judgePostmaster, type Observation } from './judge-postmaster.ts';
import { parsePostmasterPid, type PostmasterPid } from './postmaster-pid.ts';

/** Files as PostgreSQL 18 writes them: pid, data directory, start, port, socket directory, address, shared memory, status. */
const RECORDED = {
  linux:
    '4711\n/srv/work/.timer/postgres/cluster/data\n1790000000\n16042\n.\n127.0.0.1\n   123   456\nready   \n',
  darwin:
    '4711\n/Users/a b/work/.timer/postgres/cluster/data\n1790000000\n16042\n\n127.0.0.1\n   123   456\nready   \n',
  win32: '4711\nC:/Users/a/work/.timer/postgres/cluster/data\n1790000000\n16042\n\n127.0.0.1\n\nready   \n',
};
const DIRECTORY = {
  linux: '/srv/work/.timer/postgres/cluster/data',
  darwin: '/Users/a b/work/.timer/postgres/cluster/data',
  win32: String.raw`C:\Users\a\work\.timer\postgres\cluster\data`,
};

function recorded(text: string): PostmasterPid {
  const parsed = parsePostmasterPid(text);
  if (parsed === undefined) throw new Error('not a postmaster.pid');
  return parsed;
}

const NOTHING: Observation = { exists: false, socketAccepts: false, portAccepts: false };

describe('judgePostmaster', () => {
  test.each<[keyof typeof DIRECTORY, string, Partial<Observation>, string]>([
    [
      'linux',
      'the server',
      { exists: true, workingDirectory: DIRECTORY.linux, socketAccepts: true },
      'running',
    ],
    ['linux', 'the server while it starts', { exists: true, workingDirectory: DIRECTORY.linux }, 'running'],
    ['linux', 'no process', {}, 'gone'],
    ['linux', 'another program with the pid', { exists: true, workingDirectory: '/' }, 'other-program'],
    ['linux', 'a zombie', { exists: true, workingDirectory: '' }, 'other-program'],
    [
      'linux',
      'the server of the original of a copied workspace',
      { exists: true, workingDirectory: '/srv/original/.timer/postgres/cluster/data' },
      'other-program',
    ],
    ['linux', 'a process of another user', { exists: true, workingDirectory: undefined }, 'running'],
    ['linux', 'a server of another container', { socketAccepts: true }, 'elsewhere'],
    [
      'linux',
      'a server of another container, whose pid is another program here',
      { exists: true, workingDirectory: '/', socketAccepts: true },
      'elsewhere',
    ],
    [
      'darwin',
      'the server',
      {
        exists: true,
        commandLine: `/opt/bin/postgres -D ${DIRECTORY.darwin} -c port=16042`,
        portAccepts: true,
      },
      'running',
    ],
    [
      'darwin',
      'the server while it recovers',
      { exists: true, commandLine: `/opt/bin/postgres -D ${DIRECTORY.darwin} -c port=16042` },
      'running',
    ],
    [
      'darwin',
      'another program with the pid',
      { exists: true, commandLine: '/usr/bin/vim a' },
      'other-program',
    ],
    [
      'darwin',
      'the server of another directory with the pid',
      { exists: true, commandLine: '/opt/bin/postgres -D /Users/b/data' },
      'other-program',
    ],
    [
      'darwin',
      'a PostgreSQL without arguments',
      { exists: true, commandLine: 'postgres: checkpointer' },
      'running',
    ],
    ['darwin', 'a process that ps does not show', { exists: true, commandLine: undefined }, 'running'],
    ['darwin', 'no process', {}, 'gone'],
    [
      'win32',
      'the server',
      { exists: true, commandLine: '"postgres.exe","4711","Console","1","21,000 K"', portAccepts: true },
      'running',
    ],
    [
      'win32',
      'another program with the pid',
      { exists: true, commandLine: '"chrome.exe","4711","Console","1","99,000 K"' },
      'other-program',
    ],
    [
      'win32',
      'another program with the pid while something listens on the port',
      { exists: true, commandLine: '"chrome.exe","4711","Console","1","99,000 K"', portAccepts: true },
      'running',
    ],
    ['win32', 'no process', {}, 'gone'],
  ])('on %s: %s', (platform, _name, seen, verdict) => {
    const file = recorded(RECORDED[platform]);
    expect(judgePostmaster(file, DIRECTORY[platform], { ...NOTHING, ...seen }, platform)).toBe(verdict);
  });
});

describe('isSamePath', () => {
  test('ignores the kind of slash and the letter case on Windows', () => {
    const { dataDirectory } = recorded(RECORDED.win32);
    expect(isSamePath(dataDirectory, DIRECTORY.win32, 'win32')).toBe(true);
    expect(isSamePath(dataDirectory.toUpperCase(), DIRECTORY.win32, 'win32')).toBe(true);
    expect(isSamePath(`${dataDirectory}2`, DIRECTORY.win32, 'win32')).toBe(false);
  });

  test('compares exactly elsewhere', () => {
    expect(isSamePath('/srv/A', '/srv/a', 'linux')).toBe(false);
    expect(isSamePath('/srv/a', '/srv/a', 'darwin')).toBe(true);
  });
});
