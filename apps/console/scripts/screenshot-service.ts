import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  bundleProgram,
  createTestDatabase,
  findFreePort,
  type NameServer,
  startNameServer,
  startNatsServer,
  startReceiver,
  startTestServer,
  TEST_SERVER_VARIABLE,
} from '@timer-platform/test-support';
import { ScreenshotApi } from './screenshot-api.ts';
import { ageMinutes, fillWithData } from './screenshot-data.ts';
import { respondAs } from './screenshot-receiver.ts';

/** A service with real data, as the pictures show it. */
export interface ScreenshotService {
  readonly url: string;
  readonly apiKey: string;
  /** A timer that failed after retries. */
  readonly failedTimer: string;
  /** Key of a schedule with history. */
  readonly schedule: string;
  stop(): Promise<void>;
}

const SERVICE = fileURLToPath(new URL('../../timer-service/src/main.ts', import.meta.url));
const POLL_MS = 100;
const API_KEY = 'a-key-of-a-service-that-only-pictures-use';

/**
 * Starts PostgreSQL, NATS, a receiver, and two services of which one dies, and fills them with 100,000 timers.
 * @throws Error where programs cannot have a name server of their own: the names of receivers need one (root, on Linux)
 */
export async function startScreenshotService(log: (line: string) => void): Promise<ScreenshotService> {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const names = await startNameServer();
    if (names === undefined)
      throw new Error('the receivers need a name server of their own: run this as root on Linux');
    closers.push(() => names.stop());
    const server = await startTestServer(undefined);
    closers.push(() => server.stop());
    process.env[TEST_SERVER_VARIABLE] = JSON.stringify(server.address);
    const database = await createTestDatabase({ empty: true });
    const nats = await startNatsServer();
    closers.push(() => nats.stop());
    const receiver = await startReceiver(respondAs);
    closers.push(() => receiver.stop());
    const settings = {
      TIMER_MODE: 'development',
      DATABASE_URL: database.url,
      API_KEY,
      NATS_URL: nats.url,
      LOG_LEVEL: 'info',
    };
    const other = await startService(settings, names);
    const main = await startService(settings, names);
    closers.push(() => main.end('SIGTERM'));
    const api = new ScreenshotApi(main.url, API_KEY);
    log(`service at ${main.url}`);
    const { failedTimer, schedule } = await fillWithData({
      api,
      url: main.url,
      port: receiver.port,
      log,
    });
    await ageMinutes(database.url);
    await other.end('SIGKILL');
    await api.waitFor('/dispatchers', ({ dispatchers }) =>
      (dispatchers as { state: string }[]).some(({ state }) => state === 'stalled'),
    );
    return { url: main.url, apiKey: API_KEY, failedTimer, schedule, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In development mode, which has the inspector, the service does not log in JSON: so the port is chosen here. */
async function startService(settings: Readonly<Record<string, string>>, names: NameServer) {
  const port = await findFreePort();
  const { program, args } = names.wrap(process.execPath, [await bundleProgram(SERVICE)]);
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), ...settings },
    stdio: 'ignore',
  });
  const exit = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error(`the service has exited with code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    url,
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await exit;
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}
