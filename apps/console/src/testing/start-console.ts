import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  findOptionalProgram,
  startTimerService,
  type TimerServiceProcess,
} from '@timer-platform/test-support';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { type ConsolePage, watchPage } from './console-page.ts';

/** The built console, which the service serves. */
const PAGE = fileURLToPath(new URL('../../dist/index.html', import.meta.url));

/** Chromium as it is installed or was unpacked; undefined if this machine has none. */
export const CHROMIUM = (['chromium', 'chromium-browser', 'google-chrome'] as const)
  .map((name) => findOptionalProgram(name, 'CHROMIUM_BIN'))
  .find((found) => found !== undefined);

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The API keys of the service, by their roles. */
export const KEYS = {
  write: 'a-key-of-the-role-write-that-only-tests-use',
  read: 'a-key-of-the-role-read-that-only-tests-use!',
} as const;

/** A timer service with its console, and a browser. */
export interface ConsoleUnderTest {
  readonly service: TimerServiceProcess;
  /** Opens a tab with its own cookies. */
  open(options?: BrowserContextOptions): Promise<ConsolePage>;
  stop(): Promise<void>;
}

/**
 * Starts the timer service on a migrated database, and Chromium.
 *
 * @param env more settings of the service
 */
export async function startConsole(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ConsoleUnderTest> {
  if (CHROMIUM === undefined) throw new Error('No Chromium found: run "node scripts/ensure-tools.mjs"');
  if (!existsSync(PAGE)) throw new Error('The console is not built: run "npx nx run console:build"');
  const keys = [
    { name: 'writer', role: 'write', key: KEYS.write },
    { name: 'reader', role: 'read', key: KEYS.read },
  ];
  const [service, browser] = await Promise.all([
    startTimerService({ databaseUrl, env: { API_KEYS: JSON.stringify(keys), ...env } }),
    // Without the sandbox of Chromium, which needs privileges that containers lack: the pages are our own.
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS, chromiumSandbox: false }),
  ]);
  return {
    service,
    open: (options = {}) => openTab(browser, `${service.url}/console`, options),
    async stop() {
      await browser.close();
      await service.stop();
    },
  };
}

async function openTab(browser: Browser, url: string, options: BrowserContextOptions): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(15_000);
  return watchPage(await context.newPage(), url);
}
