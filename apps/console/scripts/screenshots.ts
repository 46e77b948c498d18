/**
 * Takes a picture of every screen of the console, light and dark, on a desktop and a phone, and writes them to
 * docs/console/: `npx nx run console:screenshots`. The timers behind them are stored by the API and delivered by real
 * dispatchers to real receivers; what is not real is the age of the minutes before the start (see screenshot-data.ts).
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { toPalettePng } from '../src/testing/palette-png.ts';
import { CHROMIUM } from '../src/testing/start-console.ts';
import { type ScreenshotService, startScreenshotService } from './screenshot-service.ts';

const DIRECTORY = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'console');
const MAX_TOTAL_BYTES = 4_000_000;
const THEMES = ['light', 'dark'] as const;
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;

interface Screen {
  readonly name: string;
  readonly path: (service: ScreenshotService) => string;
  readonly prepare?: (page: Page) => Promise<void>;
}

const SCREENS: readonly Screen[] = [
  { name: 'overview', path: () => '' },
  { name: 'timers', path: () => 'timers' },
  { name: 'timers-filtered', path: () => 'timers?status=failed' },
  { name: 'timer', path: ({ failedTimer }) => `timers/${failedTimer}` },
  { name: 'failures', path: () => 'failures' },
  { name: 'destinations', path: () => 'destinations' },
  {
    name: 'pause',
    path: () => 'destinations',
    prepare: async (page) => {
      await page
        .getByRole('button', { name: /^Pause / })
        .first()
        .click();
      await page.getByLabel('Why (optional)').fill('Maintenance until 04:00');
    },
  },
  { name: 'schedules', path: () => 'schedules' },
  { name: 'schedule', path: ({ schedule }) => `schedules/${encodeURIComponent(schedule)}` },
  { name: 'new-timer', path: () => 'new-timer' },
  { name: 'new-schedule', path: () => 'new-schedule' },
  { name: 'dispatchers', path: () => 'dispatchers' },
  { name: 'audit', path: () => 'audit' },
  {
    name: 'inspector',
    path: () => 'inspector',
    prepare: (page) => page.locator('main summary').first().click(),
  },
  { name: 'keyboard', path: () => '', prepare: (page) => page.keyboard.press('?') },
];

/** When nothing is loaded any more, and charts are drawn. */
async function settle(page: Page): Promise<void> {
  await page.locator('main h1, form h1').first().waitFor();
  await page
    .locator('[role="status"][aria-label="Loading"]')
    .first()
    .waitFor({ state: 'detached', timeout: 20_000 });
  // uPlot is loaded with the first chart.
  await page.locator('main figure[aria-label] > div:only-child').first().waitFor({ state: 'detached' });
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

async function capture(page: Page, name: string): Promise<void> {
  const picture = toPalettePng(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  writeFileSync(path.join(DIRECTORY, `${name}.png`), picture);
}

async function captureAll(browser: Browser, service: ScreenshotService): Promise<void> {
  for (const theme of THEMES)
    for (const [size, viewport] of Object.entries(SIZES)) {
      const context = await browser.newContext({ viewport, colorScheme: theme, timezoneId: 'Europe/Berlin' });
      const page = await context.newPage();
      await page.goto(`${service.url}/console/`);
      await settle(page);
      await capture(page, `login-${theme}-${size}`);
      await page.getByLabel('API key').fill(service.apiKey);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      // Live figures and attempts come with the next events.
      await page.locator('[data-state="live"]').waitFor();
      for (const screen of SCREENS) {
        await page.goto(`${service.url}/console/${screen.path(service)}`);
        await settle(page);
        await screen.prepare?.(page);
        await settle(page);
        await capture(page, `${screen.name}-${theme}-${size}`);
      }
      await context.close();
    }
}

function checkTotal(): void {
  const sizes = readdirSync(DIRECTORY).map((file) => statSync(path.join(DIRECTORY, file)).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${sizes.length} pictures, ${(total / 1_000).toFixed(0)} kB in docs/console\n`);
  if (total > MAX_TOTAL_BYTES)
    throw new Error(`the pictures are larger than ${MAX_TOTAL_BYTES} bytes together`);
}

const options = process.argv.slice(2);
if (CHROMIUM === undefined) throw new Error('No Chromium found: run "node scripts/ensure-tools.mjs"');
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
});
try {
  const service = await startScreenshotService((line) => process.stdout.write(`${line}\n`));
  try {
    rmSync(DIRECTORY, { recursive: true, force: true });
    mkdirSync(DIRECTORY, { recursive: true });
    await captureAll(browser, service);
    if (options.includes('--keep')) {
      process.stdout.write(`${service.url}/console with the key ${service.apiKey}; Ctrl-C ends it\n`);
      await new Promise((resolve) => process.once('SIGINT', resolve));
    }
  } finally {
    await service.stop();
  }
  checkTotal();
} finally {
  await browser.close();
}
