import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documentedExamples } from '@timer-platform/package-consumer';
import { findFreePort, startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));
const page = await readFile(new URL('../../docs/using-the-libraries.md', import.meta.url), 'utf8');
const programs = documentedExamples(page, ['ts', 'python']);
const SECRET = /SIGNING_SECRETS=(\S+)/.exec(page)?.[1] ?? '';
const DOCUMENTED_PORT = '8090';
const run = promisify(execFile);

let service: TimerServiceProcess;
let directory: string;
let port: string;
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});
const database = withTestDatabase();
beforeAll(async () => {
  // Inside the project, where its packages are found.
  directory = await mkdtemp(path.join(PROJECT, 'coverage', 'using-the-libraries-'));
  port = String(await findFreePort());
  for (const { text: program } of programs) {
    const name = /^\/\/ (\S+\.ts)$/m.exec(program)?.[1] ?? 'create.py';
    await writeFile(path.join(directory, name), program.replaceAll(DOCUMENTED_PORT, port));
  }
  service = await startTimerService({ databaseUrl: database.url, env: { SIGNING_SECRETS: SECRET } });
});

const NODE_OPTIONS = ['--conditions=@timer-platform/source', '--import', 'tsx'];

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: '',
    TIMER_URL: service.url,
    TIMER_API_KEY: service.apiKey,
    TIMER_SECRETS: SECRET,
  };
}

function documentedOutput(name: string): string {
  return programs.find(({ text: program }) => program.includes(name))?.prints ?? 'not documented';
}

/** Starts the receiver of the page and waits until it listens. */
async function startReceiver(): Promise<ChildProcess> {
  const receiver = spawn(process.execPath, [...NODE_OPTIONS, 'receiver.ts'], {
    cwd: directory,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined);
    if (response?.status === 405) return receiver;
    if (receiver.exitCode !== null) throw new Error('receiver.ts has ended');
  }
}

test('docs/using-the-libraries.md: remind.ts creates a timer, and receiver.ts gets its callback', async () => {
  const receiver = await startReceiver();
  const exit = once(receiver, 'exit');
  try {
    const stdout = receiver.stdout;
    if (stdout === null) throw new Error('stdout must be a pipe');
    const firstLine = once(stdout, 'data');
    const remind = await run(process.execPath, [...NODE_OPTIONS, 'remind.ts'], {
      cwd: directory,
      env: environment(),
    });
    expect(remind.stdout).toBe(documentedOutput('// remind.ts'));
    expect(String((await firstLine)[0])).toBe(documentedOutput('// receiver.ts'));
  } finally {
    receiver.kill();
    await exit;
  }
});

test('docs/using-the-libraries.md: remind-daily.ts stores a schedule and deletes it', async () => {
  const options = { cwd: directory, env: environment() };
  const { stdout } = await run(process.execPath, [...NODE_OPTIONS, 'remind-daily.ts'], options);
  expect(stdout).toBe(documentedOutput('// remind-daily.ts'));
});

test('docs/using-the-libraries.md: order.ts stores and cancels a timer in its transactions', async () => {
  const { stdout } = await run(process.execPath, [...NODE_OPTIONS, 'order.ts'], {
    cwd: directory,
    env: { ...environment(), DATABASE_URL: database.url },
  });
  expect(stdout).toBe(documentedOutput('// order.ts'));
  const { rows } = await database.query(`SELECT status FROM timers WHERE key = 'order-44'`);
  expect(rows).toEqual([{ status: 'canceled' }]);
});

test('docs/using-the-libraries.md: three-days.ts moves the virtual time of a test kit', async () => {
  const options = { cwd: directory, env: environment() };
  const { stdout } = await run(process.execPath, [...NODE_OPTIONS, 'three-days.ts'], options);
  expect(stdout).toBe(documentedOutput('// three-days.ts'));
});

test('docs/using-the-libraries.md: the programs compile', async () => {
  const base = path.join(PROJECT, '..', 'tsconfig.base.json');
  const options = { composite: false, noEmit: true, noPropertyAccessFromIndexSignature: false };
  const config = { extends: base, compilerOptions: options, include: ['*.ts'] };
  await writeFile(path.join(directory, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(PROJECT, '..', 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', directory]);
  expect(stdout).toBe('');
});

const python = await run('python3', ['--version']).then(
  () => true,
  () => false,
);
(python ? test : test.skip)(
  'docs/using-the-libraries.md: the program in Python creates a timer',
  async () => {
    const { stdout } = await run('python3', ['create.py'], { cwd: directory, env: environment() });
    expect(stdout).toBe(documentedOutput('urllib'));
  },
);

test('every block of the page is run: the others are the commands that start the service', () => {
  const blocks = Array.from(page.matchAll(/^```(\w+)$/gm), ([, language]) => language);
  expect(blocks).toEqual(['sh', 'sh', 'ts', 'ts', 'ts', 'ts', 'ts', 'ts', 'python']);
  expect(programs).toHaveLength(7);
});
