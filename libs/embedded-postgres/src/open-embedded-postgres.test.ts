import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { errorCode } from './error-code.ts';
import { isPortFree } from './free-port.ts';
import { type EmbeddedPostgres, openEmbeddedPostgres } from './open-embedded-postgres.ts';
import { postmasterPidFile, readPostmasterPid } from './postmaster-pid.ts';

let directory = '';
const messages: string[] = [];
const log = (message: string): void => {
  messages.push(message);
};

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'embedded-postgres-'));
  await chmod(directory, 0o755);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function open(): Promise<EmbeddedPostgres> {
  return openEmbeddedPostgres({ directory, log });
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Repeats the query until it succeeds or the test times out. */
async function queryUntilSuccess<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  for (;;) {
    try {
      return await query<Row>(url, text);
    } catch {
      await delay(20);
    }
  }
}

function dataDirectory(): string {
  return path.join(directory, 'cluster', 'data');
}

async function postmasterPid(): Promise<number> {
  const found = await readPostmasterPid(dataDirectory());
  if (found === undefined) throw new Error('no postmaster.pid');
  return found.pid;
}

interface OtherProcess {
  readonly child: ChildProcess;
  readonly opened: { readonly url: string; readonly started: boolean };
}

/** Starts another Node process that opens the same directory, reports, and stops when its input ends. */
async function openInOtherProcess(): Promise<OtherProcess> {
  const program = `
    import { openEmbeddedPostgres } from ${JSON.stringify(new URL('./open-embedded-postgres.ts', import.meta.url).href)};
    const server = await openEmbeddedPostgres({ directory: process.argv[1], log: () => {} });
    console.log(JSON.stringify({ url: server.url, started: server.started }));
    process.stdin.on('end', () => void server.stop()).resume();
  `;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program, directory],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error('the other process has ended');
  const opened = JSON.parse(first.value) as { url: string; started: boolean };
  return { child, opened };
}

describe('two processes that open a new directory at once', () => {
  test('share one server, which the last of them stops', async () => {
    const [here, there] = await Promise.all([open(), openInOtherProcess()]);
    expect(here.url).toBe(there.opened.url);
    expect([here.started, there.opened.started].sort()).toEqual([false, true]);
    expect((await readdir(directory)).sort()).toEqual(['cluster']);

    expect(await here.stop()).toBe(false);
    expect(await query(there.opened.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const exit = once(there.child, 'exit');
    there.child.stdin?.end();
    expect(await exit).toEqual([0, null]);
    expect(await readPostmasterPid(dataDirectory())).toBeUndefined();
  });
});

describe('the server', () => {
  test('has the database, UTF8 and the C locale, and listens on 127.0.0.1 only', async () => {
    const server = await open();
    try {
      expect(server.started).toBe(true);
      expect(new URL(server.url).pathname).toBe('/timers');
      const [row] = await query(
        server.url,
        `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
                current_setting('server_encoding') AS encoding, datcollate AS collation, current_setting('fsync') AS fsync
         FROM pg_database WHERE datname = current_database()`,
      );
      expect(row).toEqual({
        addresses: '127.0.0.1',
        sockets: process.platform === 'linux' ? '.' : '',
        encoding: 'UTF8',
        collation: 'C',
        fsync: 'on',
      });
    } finally {
      await server.stop();
    }
  });

  test('requires a password, which is stored in one file that only its owner can read', async () => {
    const server = await open();
    try {
      const passwordFile = path.join(directory, 'cluster', 'password');
      expect((await stat(passwordFile)).mode & 0o777).toBe(0o600);
      expect((await stat(dataDirectory())).mode & 0o777).toBe(0o700);
      const { password } = new URL(server.url);
      expect(await readFile(passwordFile, 'utf8')).toBe(password);
      expect(await readdir(path.join(directory, 'cluster'))).not.toContain('initdb-password');
      expect(messages.join('\n')).not.toContain(password);
      const wrong = server.url.replace(password, 'wrong');
      await expect(query(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
      const none = server.url.replace(`:${password}`, '');
      await expect(query(none, 'SELECT 1')).rejects.toThrow(/password/);
    } finally {
      await server.stop();
    }
  });

  test('keeps its data, password and port across restarts', async () => {
    const first = await open();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS number');
    expect(await Promise.all([first.stop(), first.stop()])).toEqual([true, true]);
    const second = await open();
    try {
      expect(second.url).toBe(first.url);
      expect(await query(second.url, 'SELECT number FROM kept')).toEqual([{ number: 42 }]);
    } finally {
      await second.stop();
    }
  });

  test('uses another port if the last one is in use', async () => {
    const first = await open();
    await first.stop();
    const listener = createServer().listen({ host: '127.0.0.1', port: first.port });
    await once(listener, 'listening');
    const second = await open();
    try {
      expect(second.port).not.toBe(first.port);
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await second.stop();
      listener.close();
    }
  });

  test('is stopped when its last two users stop at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [first, second] = await Promise.all([open(), open()]);
      await Promise.all([first.stop(), second.stop()]);
      expect(await readPostmasterPid(dataDirectory())).toBeUndefined();
    }
  });

  test('can be opened while another user stops it', async () => {
    const first = await open();
    const [, second] = await Promise.all([first.stop(), open()]);
    try {
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      expect(await second.stop()).toBe(true);
    }
  });
});

describe('after a crash', () => {
  test('of the process that started it, the server keeps running, and the next user stops it', async () => {
    const { child, opened } = await openInOtherProcess();
    const pid = await postmasterPid();
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    const server = await open();
    expect(server).toMatchObject({ started: false, url: opened.url });
    expect(await postmasterPid()).toBe(pid);
    expect(await server.stop()).toBe(true);
    expect(await isPortFree(server.port)).toBe(true);
  });

  test('of PostgreSQL, the server restarts on the same port with every committed row', async () => {
    const server = await open();
    try {
      await query(server.url, 'CREATE TABLE survivors AS SELECT generate_series(1, 1000) AS id');
      const killed = await postmasterPid();
      process.kill(killed, 'SIGKILL');
      const [row] = await queryUntilSuccess<{ count: string }>(server.url, 'SELECT count(*) FROM survivors');
      expect(row?.count).toBe('1000');
      expect(await postmasterPid()).not.toBe(killed);
    } finally {
      expect(await server.stop()).toBe(true);
    }
    expect(await readPostmasterPid(dataDirectory())).toBeUndefined();
  });

  test('of PostgreSQL with two users, both attach to the restarted server', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    process.kill(await postmasterPid(), 'SIGKILL');
    await queryUntilSuccess(first.url, 'SELECT 1');
    // Wait until both are attached again: a user that is alone would stop the server.
    for (;;) {
      const [row] = await query<{ count: string }>(
        first.url,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted",
      );
      if (row?.count === '2') break;
      await delay(10);
    }
    expect(await first.stop()).toBe(false);
    expect(await second.stop()).toBe(true);
  });

  test('of the machine, the server starts although postmaster.pid names a process of another program', async () => {
    const { uid, gid } = await stat(dataDirectory());
    // PostgreSQL ignores processes of other users and its parent, so this one runs as the same user and is no parent.
    const asOwner = process.getuid?.() === 0 ? { uid, gid } : {};
    const unrelated = spawn('sleep', ['600'], { ...asOwner, cwd: '/', stdio: 'ignore' });
    await once(unrelated, 'spawn');
    const realDirectory = dataDirectory();
    await writeFile(
      postmasterPidFile(realDirectory),
      `${unrelated.pid ?? 0}\n${realDirectory}\n1790000000\n16000\n\n127.0.0.1\n\nready\n`,
    );
    try {
      const server = await open();
      expect(server.started).toBe(true);
      await server.stop();
    } finally {
      unrelated.kill('SIGKILL');
    }
  });
});

describe('openEmbeddedPostgres fails', () => {
  test('with the end of the log if PostgreSQL does not start', async () => {
    const version = path.join(dataDirectory(), 'PG_VERSION');
    const text = await readFile(version, 'utf8');
    await writeFile(version, '9.6\n');
    try {
      await expect(open()).rejects.toThrow(/database files are incompatible with server/);
    } finally {
      await writeFile(version, text);
    }
  });

  test('with the name of a setting that PostgreSQL does not have', async () => {
    await expect(
      openEmbeddedPostgres({ directory, log, settings: { no_such_setting: 'on' } }),
    ).rejects.toThrow(/no_such_setting/);
  });

  test('with ENOTDIR if the directory cannot be created', async () => {
    const file = path.join(directory, 'a-file');
    await writeFile(file, '');
    const error: unknown = await openEmbeddedPostgres({ directory: path.join(file, 'below'), log }).catch(
      (thrown: unknown) => thrown,
    );
    expect(errorCode(error)).toBe('ENOTDIR');
  });
});
