import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Attempt, Timer } from '@timer-platform/callback-types';
import {
  type Receiver,
  startReceiver,
  startTimerService,
  type TimerServiceProcess,
} from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import { createClient } from '../client/timer-client.ts';
import { startFaultyProxy } from '../testing/faulty-proxy.ts';
import { bundleProgram, type Finished, type Program } from '../testing/spawn-program.ts';
import { EXIT_CODE } from './exit-codes.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const UNKNOWN_ID = '019ab3c4-6e0f-7c11-9a51-0b2d5f5f3c5e';

let program: Program;
let service: TimerServiceProcess;
let receiver: Receiver;
let directory: string;
// Before the database is dropped, which the hooks of withTestDatabase do.
afterAll(async () => {
  await Promise.all([service.stop(), receiver.stop(), program.remove()]);
  await rm(directory, { recursive: true });
});
const database = withTestDatabase();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'timer-files-'));
  receiver = await startReceiver(({ path }) => (path === '/gone' ? 410 : 200));
  const env = { SIGNING_SECRETS: SECRET };
  [program, service] = await Promise.all([
    bundleProgram(),
    startTimerService({ databaseUrl: database.url, env }),
  ]);
});

function environment(): Record<string, string> {
  return { TIMER_URL: service.url, TIMER_API_KEY: service.apiKey, PATH: process.env['PATH'] ?? '' };
}

function timer(args: readonly string[], stdin?: string): Promise<Finished> {
  return program.run(args, { env: environment(), ...(stdin !== undefined && { stdin }) });
}

/** The JSON Lines that a command prints. */
async function results<Item>(args: readonly string[], stdin?: string): Promise<Item[]> {
  const { exitCode, stdout, stderr } = await timer(args, stdin);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Item)));
}

async function createTimer(...args: string[]): Promise<Timer> {
  const [created] = await results<Timer>(['create', '--http', receiver.url, ...args]);
  if (created === undefined) throw new Error('create printed nothing');
  return created;
}

async function waitForStatus(id: string, status: Timer['status']): Promise<void> {
  const client = createClient({ url: service.url, apiKey: service.apiKey });
  for (;;) if ((await client.get(id)).status === status) return;
}

describe('timer create', () => {
  test('stores a timer of its options, which get and list show', async () => {
    const { id } = await createTimer(
      ...['--at', '2099-01-31T10:00:00+01:00', '--payload', '{"order":42}', '--header', 'X-Order: 42'],
      ...['--timeout-ms', '500', '--metadata', '{"team":"billing"}', '--retry', '{"max_attempts":1}'],
    );
    const [shown] = await results<Timer>(['get', id]);
    expect(shown).toMatchObject({
      id,
      status: 'pending',
      execute_at: '2099-01-31T09:00:00.000Z',
      callback: { url: receiver.url, payload: { order: 42 }, headers: { 'X-Order': '42' }, timeout_ms: 500 },
      metadata: { team: 'billing' },
      retry: { max_attempts: 1 },
    });
    const listed = await results<Timer>([
      'list',
      '--status',
      'pending',
      '--sort',
      'execute_at',
      '--order',
      'desc',
    ]);
    expect(listed.map((item) => item.id)).toContain(id);
  });

  test('reads the whole request, or the payload, from a file or standard input', async () => {
    const request = { delay: '1h', callback: { type: 'http', url: receiver.url, payload: 'from stdin' } };
    const [piped] = await results<Timer>(['create', '--file', '-'], JSON.stringify(request));
    const file = join(directory, 'payload.json');
    await writeFile(file, '{"from":"file"}');
    const filed = await createTimer('--delay', '1h', '--payload', `@${file}`);
    const client = createClient({ url: service.url, apiKey: service.apiKey });
    expect((await client.get(piped?.id ?? '')).callback).toMatchObject({ payload: 'from stdin' });
    expect((await client.get(filed.id)).callback).toMatchObject({ payload: { from: 'file' } });
  });

  test('stores nothing twice with the same --idempotency-key', async () => {
    const once = ['--delay', '1h', '--idempotency-key', 'order-42'];
    expect((await createTimer(...once)).id).toBe((await createTimer(...once)).id);
  });

  test.each([
    [['--http', 'http://a.example/'], 'give either --delay'],
    [['--delay', '1h', '--at', '2099-01-01T00:00:00Z', '--http', 'http://a.example/'], 'give either --delay'],
    [['--delay', '1h'], 'give one destination'],
    [['--delay', '1h', '--http', 'http://a.example/', '--nats', 'orders'], 'give one destination'],
    [['--delay', '1h', '--http', 'http://a.example/', '--jetstream'], 'belong to --nats'],
    [['--delay', '1h', '--http', 'http://a.example/', '--payload', '{'], '--payload must be JSON'],
    [['--delay', '1h', '--http', 'http://a.example/', '--header', 'nocolon'], '--header must be'],
    [['--file', '/does/not/exist'], 'cannot read /does/not/exist'],
    [['--file', '-', '--delay', '1h'], 'leave out the other options'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await timer(['create', ...args]);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });
});

describe('timer run, attempts, retry and cancel', () => {
  test('change timers and show what became of them', async () => {
    const { id } = await createTimer('--delay', '1h', '--payload', '"run"');
    expect(await results(['run', id])).toEqual([{ id, status: 'pending' }]);
    await receiver.waitFor((requests) => requests.some(({ headers }) => headers['webhook-id'] === id));

    const failing = await createTimer('--delay', '0s', '--http', `${receiver.url}/gone`);
    await waitForStatus(failing.id, 'failed');
    const [attempt] = await results<Attempt>(['attempts', failing.id]);
    expect(attempt).toMatchObject({ number: 1, outcome: 'failed', status_code: 410 });
    expect(await results(['retry', failing.id])).toEqual([{ id: failing.id, status: 'pending' }]);
  });

  test('cancel goes on after a timer that cannot be canceled, and has the exit code of that', async () => {
    const [first, second] = [await createTimer('--delay', '1h'), await createTimer('--delay', '1h')];
    const { exitCode, stdout, stderr } = await timer(['cancel', first.id, UNKNOWN_ID, second.id]);
    expect(exitCode).toBe(3);
    expect(stdout).toBe(
      `{"id":"${first.id}","status":"canceled"}\n{"id":"${second.id}","status":"canceled"}\n`,
    );
    expect(stderr).toBe(`timer: ${UNKNOWN_ID}: DELETE /timers/${UNKNOWN_ID} was refused: timer not found\n`);
    expect((await timer(['cancel', first.id])).exitCode).toBe(5);
  });
});

describe('a key of your own', () => {
  test('stores or replaces, shows and cancels the timer that has it', async () => {
    const first = await createTimer('--delay', '1h', '--key', 'order/42');
    const second = await createTimer('--delay', '2h', '--key', 'order/42');
    expect(second.id).toBe(first.id);
    expect(await results<Timer>(['get', '--key', 'order/42'])).toMatchObject([
      { id: first.id, key: 'order/42' },
    ]);
    expect(await results(['cancel', '--key', 'order/42'])).toEqual([{ id: first.id, status: 'canceled' }]);
    expect((await timer(['get', '--key', 'order-43'])).exitCode).toBe(3);
  });

  test('stores nothing when the command is repeated with its --idempotency-key after the timer ended', async () => {
    const once = ['--delay', '1h', '--key', 'order-44', '--idempotency-key', 'put-44'];
    const first = await createTimer(...once);
    await timer(['cancel', first.id]);
    expect(await createTimer(...once)).toMatchObject({ id: first.id, status: 'canceled' });
  });

  test.each([[['get']], [['cancel']], [['get', UNKNOWN_ID, '--key', 'a']], [['run', '--key', 'a']]])(
    '%j is a usage error',
    async (args) => {
      expect((await timer(args)).exitCode).toBe(2);
    },
  );
});

describe('timer tail', () => {
  test('prints each timer that finishes once, and ends with 0 on Ctrl-C', async () => {
    const proxy = await startFaultyProxy(service.url);
    const old = await createTimer('--delay', '1h');
    const env = { ...environment(), TIMER_URL: proxy.url };
    const polled = proxy.requests(3);
    const tail = program.start(['tail', '--interval', '500ms'], env);
    try {
      await polled;
      await timer(['run', old.id]);
      const created = await Promise.all([createTimer('--delay', '0s'), createTimer('--delay', '700ms')]);
      const expected = [old, ...created].map(({ id }) => id);
      await tail.waitFor(({ stdout }) => expected.every((id) => stdout.includes(id)));
    } finally {
      tail.kill('SIGINT');
    }
    const { exitCode, stdout, stderr } = await tail.finished;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Timer).id);
    expect(printed.length).toBe(new Set(printed).size);
    await proxy.stop();
  });

  test('survives a service that is unavailable for a while', async () => {
    const proxy = await startFaultyProxy(service.url);
    proxy.inject(() => 'gateway');
    const args = ['tail', '--interval', '500ms', '--retries', '0', '--limit', '1'];
    const tail = program.start(args, { ...environment(), TIMER_URL: proxy.url });
    try {
      await tail.waitFor(({ stderr }) => stderr.includes('status 502'));
      proxy.inject(() => 'pass');
      await proxy.requests(3);
      const { id } = await createTimer('--delay', '0s');
      await tail.waitFor(({ stdout }) => stdout.includes(id));
      expect(await tail.finished).toMatchObject({ exitCode: 0 });
    } finally {
      tail.kill('SIGTERM');
      await proxy.stop();
    }
  });
});

describe('timer verify-signature', () => {
  async function delivery(payload: string) {
    await createTimer('--delay', '0s', '--payload', JSON.stringify(payload));
    const body = JSON.stringify(payload);
    const requests = await receiver.waitFor((all) => all.some((request) => String(request.body) === body));
    const { headers } = requests.find((request) => String(request.body) === body) ?? {};
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    return { body, headers: names.flatMap((name) => ['--header', `${name}: ${String(headers?.[name])}`]) };
  }

  function verify(args: readonly string[], stdin: string, secrets = SECRET): Promise<Finished> {
    return program.run(['verify-signature', ...args], { env: { TIMER_SIGNING_SECRETS: secrets }, stdin });
  }

  test('accepts a delivery of the service, with one of several secrets and without a service', async () => {
    const { body, headers } = await delivery('signed');
    const { exitCode, stdout } = await verify(headers, body, `whsec_b3RoZXI= ${SECRET}`);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, id: headers[1]?.slice('webhook-id: '.length) });
  });

  test('reads body and secrets from files, and checks captured messages at their instant', async () => {
    const { body, headers } = await delivery('captured');
    const [bodyFile, secretFile] = [join(directory, 'body'), join(directory, 'secret')];
    await Promise.all([writeFile(bodyFile, body), writeFile(secretFile, `${SECRET}\n`)]);
    const files = [...headers, '--body', bodyFile, '--secret-file', secretFile];
    expect((await verify(files, '', '')).exitCode).toBe(0);
    const late = await verify([...files, '--at', '2099-01-01T00:00:00Z'], '', '');
    expect([late.exitCode, late.stdout]).toEqual([7, '{"valid":false,"reason":"timestamp too old"}\n']);
  });

  test('rejects a changed body and a missing header with exit code 7', async () => {
    const { body, headers } = await delivery('changed');
    const changed = await verify(headers, `${body} `);
    expect([changed.exitCode, changed.stdout]).toEqual([
      7,
      '{"valid":false,"reason":"no matching signature"}\n',
    ]);
    expect((await verify(headers.slice(2), body)).stdout).toContain('missing header');
  });

  test('never prints a secret that is not valid', async () => {
    const { exitCode, stdout, stderr } = await verify(
      [
        '--header',
        'webhook-id: a',
        '--header',
        'webhook-timestamp: 1',
        '--header',
        'webhook-signature: v1,a',
        '--at',
        '1970-01-01T00:00:01Z',
      ],
      '',
      'whsec_!secret!',
    );
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain('!secret!');
    expect(await verify([], '', '')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('TIMER_SIGNING_SECRETS'),
    });
  });
});

describe('exit codes', () => {
  test.each([
    ['no such timer', 3, ['get', UNKNOWN_ID], {}],
    ['a wrong key', 4, ['list'], { TIMER_API_KEY: 'wrong-key-that-must-not-be-printed' }],
    ['a request that is refused', 5, ['create', '--delay', '1h', '--http', 'ftp://a.example/'], {}],
    ['no service there', 6, ['list', '--retries', '0'], { TIMER_URL: 'http://127.0.0.1:1' }],
    ['an id that is none', 2, ['get', 'abc'], {}],
    ['no URL', 2, ['list'], { TIMER_URL: '' }],
    ['no key', 2, ['list'], { TIMER_API_KEY: '' }],
    ['a key file that is missing', 2, ['list', '--api-key-file', '/does/not/exist'], {}],
    ['an option that is none', 2, ['list', '--colour'], {}],
    ['two formats', 2, ['list', '--json', '--table'], {}],
    ['help', 0, ['list', '--help'], {}],
  ])('%s: %d', async (_name, code, args, env) => {
    const finished = await program.run(args, { env: { ...environment(), ...env } });
    expect({ ...finished, exitCode: code }).toEqual(finished);
    expect(code === 0 ? finished.stderr : finished.stdout).toBe('');
    expect(finished.stdout + finished.stderr).not.toContain('must-not-be-printed');
    expect(finished.stdout + finished.stderr).not.toContain(service.apiKey);
  });

  test('the help of the program lists all of them', async () => {
    const { stdout } = await timer(['--help']);
    for (const code of Object.values(EXIT_CODE)) expect(stdout).toMatch(new RegExp(`\\b${code} \\w`));
  });

  test('the key may be in a file', async () => {
    const file = join(directory, 'key');
    await writeFile(file, `${service.apiKey}\n`);
    const env = { TIMER_URL: service.url };
    expect((await program.run(['list', '--api-key-file', file], { env })).exitCode).toBe(0);
  });
});

describe('output', () => {
  test('is a table with --table, where control characters of the service are escaped', async () => {
    const { id } = await createTimer('--delay', '1h', '--metadata', '"\\u001b[31mred\\u009b1m"');
    const { stdout } = await timer(['get', id, '--table']);
    expect(stdout).toContain('\\u001b[31mred\\u009b1m');

    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const [parsed] = await results<Timer>(['get', id]);
    expect(parsed?.metadata).toBe('\u001b[31mred\u009b1m');
  });

  test('may be closed by a reader that needs no more', async () => {
    const client = createClient({ url: service.url, apiKey: service.apiKey });
    const callback = { type: 'http', url: receiver.url } as const;
    await client.createMany(Array.from({ length: 1_000 }, () => ({ delay: '1h', callback })));
    const command = `"${process.execPath}" "${program.path}" list --all | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', command], {
      env: environment(),
    });
    expect(stdout.trim().split('\n').at(-1)).toBe('0');
    expect(stderr).toBe('');
  });

  test('of a list ends at --limit, which --all lifts', async () => {
    expect(await results(['list', '--limit', '3'])).toHaveLength(3);
    expect((await results(['list', '--all'])).length).toBeGreaterThan(1_000);
  });
});

describe('timer completion', () => {
  test('completes commands, options and their values in bash', async () => {
    const complete = async (...words: string[]): Promise<string[]> => {
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const script = `source <("${process.execPath}" "${program.path}" completion bash)
        COMP_WORDS=(timer ${quoted}); COMP_CWORD=${words.length}; _timer; echo "\${COMPREPLY[@]}"`;
      const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script]);
      return stdout.trim().split(' ');
    };
    expect(await complete('ca')).toEqual(['cancel']);
    expect(await complete('list', '--st')).toEqual(['--status']);
    expect(await complete('list', '--status', 'c')).toEqual(['completed', 'canceled']);
  });

  test.each(['zsh', 'fish'])('is a script that %s accepts, where it is installed', async (shell) => {
    const { exitCode, stdout } = await program.run(['completion', shell], { env: {} });
    expect([exitCode, stdout.includes('verify-signature')]).toEqual([0, true]);
    const installed = await promisify(execFile)('sh', ['-c', `command -v ${shell} || true`]);
    if (installed.stdout === '') return;
    const file = join(directory, `completion.${shell}`);
    await writeFile(file, stdout);
    await expect(promisify(execFile)(shell, ['-n', file])).resolves.toEqual({ stdout: '', stderr: '' });
  });
});
