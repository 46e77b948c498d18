import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { locateCluster } from './cluster-location.ts';
import { openEmbeddedPostgres } from './open-embedded-postgres.ts';
import { findNativePackage, prepareBinaries } from './postgres-binaries.ts';
import { findInaccessibleDirectory } from './server-user.ts';

const isRoot = process.getuid?.() === 0;
const log = (): void => undefined;
let parent = '';
beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'unreachable-workspace-'));
});
afterAll(() => rm(parent, { recursive: true, force: true }));

if (!isRoot) {
  describe('a user other than root', () => {
    test('runs the server itself, in the preferred directory', async () => {
      const preferred = path.join(parent, 'workspace');
      expect(await locateCluster(preferred, path.join(parent, 'fallback'), log)).toEqual({
        directory: preferred,
        user: undefined,
      });
    });
  });
} else {
  // Such as a workspace below root's home.
  describe('root with a workspace that only root can enter', () => {
    test('keeps data and programs where the user that runs PostgreSQL can access them, and logs where', async () => {
      const home = path.join(parent, 'home');
      const fallbackDirectory = path.join(parent, 'open');
      await mkdir(home, { mode: 0o700 });
      await chmod(parent, 0o755);
      const directory = path.join(home, 'workspace', '.timer', 'postgres');
      const messages: string[] = [];
      const collect = (message: string): void => {
        messages.push(message);
      };
      const server = await openEmbeddedPostgres({
        directory,
        fallbackDirectory,
        log: collect,
        durable: false,
      });
      const client = new pg.Client(server.url);
      await client.connect();
      await client.end();
      await server.stop();
      expect(server.directory.startsWith(fallbackDirectory)).toBe(true);
      expect(messages.join('\n')).toContain(`cannot enter ${home}`);
      expect(messages.join('\n')).toContain(server.directory);
      expect((await stat(home)).mode & 0o777).toBe(0o700);

      const again = await openEmbeddedPostgres({ directory, fallbackDirectory, log, durable: false });
      await again.stop();
      expect(again.directory).toBe(server.directory);
    });

    test('fails with a way out when the user can access neither directory', async () => {
      await chmod(parent, 0o700);
      const preferred = path.join(parent, 'workspace');
      await expect(locateCluster(preferred, path.join(parent, 'fallback'), log)).rejects.toThrow(
        /PostgreSQL cannot run as root.*can enter neither.*DATABASE_URL/,
      );
      await chmod(parent, 0o755);
    });

    test('copies the programs from a package that only root can enter, and creates missing links', async () => {
      const installed = await findNativePackage();
      const directory = path.join(parent, 'closed', 'package');
      await mkdir(path.dirname(directory), { mode: 0o700 });
      await cp(installed.directory, directory, { recursive: true, verbatimSymlinks: true });
      const lib = path.join(directory, 'native', 'lib');
      for (const entry of await readdir(lib, { withFileTypes: true }))
        if (entry.isSymbolicLink()) await rm(path.join(lib, entry.name));
      const { user } = await locateCluster(path.join(parent, 'reachable'), parent, log);
      const fallbackDirectory = path.join(parent, 'programs');

      const copies = await Promise.all(
        [1, 2].map(() => prepareBinaries({ directory, version: '1.2.3' }, user, fallbackDirectory, log)),
      );
      expect(new Set(copies.map(({ postgres }) => postgres)).size).toBe(1);
      expect(copies[0]?.postgres).toBe(path.join(fallbackDirectory, 'postgresql-1.2.3', 'bin', 'postgres'));
      expect(await findInaccessibleDirectory(path.dirname(copies[0]?.postgres ?? ''), user)).toBeUndefined();
      expect(await readdir(fallbackDirectory)).toEqual(['postgresql-1.2.3']);
    });
  });
}
