import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { examinePostmaster } from './find-postmaster.ts';
import { openEmbeddedPostgres } from './open-embedded-postgres.ts';
import { parsePostmasterPid, postmasterPidFile } from './postmaster-pid.ts';

/** What a container has of its own: processes, network and shared memory. */
const CONTAINER = ['--pid', '--fork', '--mount-proc', '--net', '--ipc'];
const canMakeContainers = spawnSync('unshare', [...CONTAINER, 'true']).status === 0;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'shared-volume-'));
  await chmod(directory, 0o755);
});
afterAll(() => rm(directory, { recursive: true, force: true }));
const log = (): void => undefined;

test('finds a server by its socket when its process cannot be seen', async () => {
  const server = await openEmbeddedPostgres({ directory, log, durable: false });
  const dataDirectory = path.join(server.directory, 'cluster', 'data');
  try {
    const file = parsePostmasterPid(await readFile(postmasterPidFile(dataDirectory), 'utf8'));
    if (file === undefined) throw new Error('no postmaster.pid');
    expect(await examinePostmaster(dataDirectory, file)).toBe('running');
    // As another container sees it: there, no process or another one has this pid.
    const elsewhere = process.platform === 'linux' ? 'elsewhere' : 'gone';
    expect(await examinePostmaster(dataDirectory, { ...file, pid: 2 ** 22 + 1 })).toBe(elsewhere);
  } finally {
    await server.stop();
  }
});

if (canMakeContainers) {
  test('a second container does not start a server on a directory that the first one uses', async () => {
    const server = await openEmbeddedPostgres({ directory, log, durable: false });
    const pidFile = postmasterPidFile(path.join(server.directory, 'cluster', 'data'));
    const before = await readFile(pidFile, 'utf8');
    const program = `
      import { openEmbeddedPostgres } from ${JSON.stringify(new URL('./open-embedded-postgres.ts', import.meta.url).href)};
      await openEmbeddedPostgres({ directory: process.argv[1], log: () => {} });
    `;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program, directory];
    const child = spawn('unshare', [...CONTAINER, ...node], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      const [message, exit] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      expect(message).toMatch(/is used by another container .* set DATABASE_URL/s);
      expect(exit).not.toEqual([0, null]);
      expect(await readFile(pidFile, 'utf8')).toBe(before);
    } finally {
      expect(await server.stop()).toBe(true);
    }
  });
}
