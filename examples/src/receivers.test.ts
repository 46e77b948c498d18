import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@timer-platform/client';
import { startReceiver, startTimerService, type TimerServiceProcess } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';

const RECEIVERS = fileURLToPath(new URL('../receivers/', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
/** What the receivers have during a rotation: the new secret first. */
const SECRETS = `whsec_${Buffer.alloc(24, 2).toString('base64')},${SECRET}`;

interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

function run({ program, args }: Command, cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}

interface RunningReceiver {
  readonly url: string;
  /** The next line that it prints. */
  nextLine(): Promise<string>;
  stop(): Promise<void>;
}

async function startProgram({ program, args }: Command, cwd: string): Promise<RunningReceiver> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, SIGNING_SECRETS: SECRETS, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    return line.done === true ? 'the receiver has ended' : line.value;
  };
  const url = (await nextLine()).replace('listening on ', '');
  return {
    url,
    nextLine,
    stop: async () => {
      child.kill();
      await exit;
    },
  };
}

interface Language {
  readonly name: string;
  readonly directory: string;
  /** Whether it is on this machine. */
  readonly probe: Command;
  readonly tests: Command;
  readonly build?: (output: string) => Command;
  readonly start: (output: string) => Command;
}

const LANGUAGES: readonly Language[] = [
  {
    name: 'Python',
    directory: path.join(RECEIVERS, 'python'),
    probe: { program: 'python3', args: ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'] },
    tests: { program: 'python3', args: ['-B', '-m', 'unittest'] },
    start: () => ({ program: 'python3', args: ['-B', 'receiver.py'] }),
  },
  {
    name: 'Go',
    directory: path.join(RECEIVERS, 'go'),
    probe: { program: 'go', args: ['version'] },
    tests: { program: 'go', args: ['test', './...'] },
    build: (output) => ({ program: 'go', args: ['build', '-o', output, '.'] }),
    start: (output) => ({ program: output, args: [] }),
  },
];
const probed = await Promise.all(
  LANGUAGES.map(async (language) => ({
    language,
    isInstalled: (await run(language.probe, tmpdir())).status === 0,
  })),
);
const installed = probed.filter(({ isInstalled }) => isInstalled).map(({ language }) => language);
const missing = probed.filter(({ isInstalled }) => !isInstalled).map(({ language }) => language.name);

let service: TimerServiceProcess;
let directory: string;
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});
const database = withTestDatabase();
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'receivers-'));
  service = await startTimerService({ databaseUrl: database.url, env: { SIGNING_SECRETS: SECRET } });
});

/** Returns a request as the service sends it. */
async function recordDelivery(payload: {
  order: number;
}): Promise<{ headers: Record<string, string>; body: string }> {
  const recorder = await startReceiver();
  try {
    const client = createClient({ url: service.url, apiKey: service.apiKey });
    await client.create({ delay: '1ms', callback: { type: 'http', url: recorder.url, payload } });
    const [request] = await recorder.waitFor(1);
    if (request === undefined) throw new Error('no request');
    const signed = Object.entries(request.headers).filter(([name]) => name.startsWith('webhook-'));
    const headers = Object.fromEntries(signed.map(([name, value]) => [name, String(value)]));
    return { headers, body: request.body.toString('utf8') };
  } finally {
    await recorder.stop();
  }
}

describe.each(installed)('the receiver in $name', (language) => {
  test('gives the verdicts of signatures.json', async () => {
    const { status, output } = await run(language.tests, language.directory);
    expect([status, output]).toEqual([0, expect.stringMatching(/OK|^ok/m)]);
  });

  test('handles a delivery of the timer service once, and refuses others', async () => {
    const program = path.join(directory, language.name);
    if (language.build !== undefined)
      expect(await run(language.build(program), language.directory)).toEqual({ status: 0, output: '' });
    const receiver = await startProgram(language.start(program), language.directory);
    try {
      const client = createClient({ url: service.url, apiKey: service.apiKey });
      const callback = { type: 'http', url: receiver.url, payload: { order: 'größe 😀' } } as const;
      const { id } = await client.create({ delay: '1ms', callback });
      expect(await receiver.nextLine()).toMatch(new RegExp(`^${id} .*order.*größe 😀`));

      const { headers, body } = await recordDelivery({ order: 43 });
      const post = async (changes: Record<string, string>, text = body): Promise<number> => {
        const options = { method: 'POST', headers: { ...headers, ...changes }, body: text };
        return (await fetch(receiver.url, options)).status;
      };
      expect(await post({}, `${body} `)).toBe(401);
      expect(await post({ 'webhook-id': id })).toBe(401);
      expect(await post({})).toBe(200);
      expect(await post({})).toBe(200);
      expect(await receiver.nextLine()).toContain('43');
      // The next line is of the next timer: the repeated delivery was answered, but not handled.
      const next = await recordDelivery({ order: 44 });
      expect((await fetch(receiver.url, { method: 'POST', ...next })).status).toBe(200);
      expect(await receiver.nextLine()).toContain('44');
      expect(await client.get(id)).toMatchObject({ status: 'completed', attempts: 1 });
    } finally {
      await receiver.stop();
    }
  });
});

if (missing.length > 0)
  // eslint-disable-next-line jest/no-disabled-tests, jest/expect-expect -- it only says what was not tried
  test.skip.each(missing)('the receiver in %s is not tried: it is not installed', () => undefined);
