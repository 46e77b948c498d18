import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { startTestKit } from './index.ts';
import { create, hook } from './testing/requests.ts';

test('two kits at once have their own time, timers and deliveries, until they are stopped', async () => {
  const [one, other] = await Promise.all([startTestKit(), startTestKit({ startAt: '2040-06-15T08:00:00Z' })]);
  try {
    await Promise.all([
      create(one, { delay: '1d', callback: hook('/', 'one') }),
      create(other, { delay: '1d', callback: hook('/', 'other') }),
    ]);
    const [ofOne, ofOther] = await Promise.all([one.advance('2d'), other.advance('1d')]);
    expect(ofOne).toEqual([
      expect.objectContaining({ payload: 'one', at: new Date('2030-01-02T00:00:00Z') }),
    ]);
    expect(ofOther).toEqual([
      expect.objectContaining({ payload: 'other', at: new Date('2040-06-16T08:00:00Z') }),
    ]);
    expect([one.now(), other.now()]).toEqual([
      new Date('2030-01-03T00:00:00Z'),
      new Date('2040-06-16T08:00:00Z'),
    ]);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
    await one.stop();
  }
  await expect(one.advance('1d')).rejects.toThrow('The test kit is stopped');
});

test('a process that is killed leaves no database behind', async () => {
  const kit = await startTestKit();
  const client = new pg.Client({ connectionString: kit.databaseUrl });
  await client.connect();
  try {
    const script = `import { startTestKit } from './src/index.ts';
      const kit = await startTestKit();
      console.log(new URL(kit.databaseUrl).pathname.slice(1));
      setInterval(() => undefined, 1_000);`;
    const options = ['--conditions=@timer-platform/source', '--import', 'tsx', '--input-type=module'];
    const child = spawn(process.execPath, [...options, '--eval', script], {
      cwd: fileURLToPath(new URL('../', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [name] = (await once(createInterface(child.stdout), 'line')) as [string];
    const exists = async () =>
      (await client.query('SELECT pg_sleep(0.05) FROM pg_database WHERE datname = $1', [name])).rows.length >
      0;
    expect(await exists()).toBe(true);
    child.kill('SIGKILL');
    while (await exists());
  } finally {
    await client.end();
    await kit.stop();
  }
});
