import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { ConsoleMessage, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Chromium reports every response above 399 as an error. Which of them are wrong is seen from the responses. */
const RESPONSE_ERROR = /^Failed to load resource: the server responded with a status of/;

/** A tab of the console, in a browser that shares nothing with other tabs. */
export interface ConsolePage {
  readonly page: Page;
  /**
   * What must not happen, since the tab was opened: violations of the Content-Security-Policy, errors of scripts, files that
   * are missing, and failures of the service.
   */
  readonly problems: readonly string[];
  /** Opens a page of the console, such as `/timers?status=failed`. */
  goto(path: string): Promise<void>;
  /** Logs in with an API key, on any page of the console, and waits for the page after it. */
  login(apiKey: string): Promise<void>;
  /** Opens a page of the console, and waits until it shows what it has read. */
  show(path: string): Promise<void>;
  /** By how many pixels the page is wider than the window. */
  excessWidth(): Promise<number>;
  /**
   * What axe finds wrong with the page as it is now, one line for each rule and element.
   *
   * @param colours whether it also judges colours, which takes most of the time, or nothing else
   */
  findBarriers(colours?: 'with' | 'without' | 'only'): Promise<string[]>;
}

/** Watches a tab. @param url of the console, without a slash at its end */
export async function watchPage(page: Page, url: string): Promise<ConsolePage> {
  const problems: string[] = [];
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() !== 'error' || RESPONSE_ERROR.test(message.text())) return;
    problems.push(`error on the browser's console: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    problems.push(`error of a script: ${error.stack ?? error.message}`);
  });
  page.on('response', (response) => {
    const isFile = response.url().includes('/assets/');
    if (response.status() >= (isFile ? 400 : 500))
      problems.push(`${response.status()} for ${response.request().method()} ${response.url()}`);
  });
  await page.exposeFunction('reportViolation', (violation: string) => {
    problems.push(`violation of the Content-Security-Policy: ${violation}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      const { reportViolation } = globalThis as unknown as {
        readonly reportViolation: (violation: string) => void;
      };
      reportViolation(`${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  });
  return {
    page,
    problems,
    async goto(path) {
      await page.goto(`${url}${path}`);
    },
    async login(apiKey) {
      await page.getByLabel('API key').fill(apiKey);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('navigation', { name: 'Screens' }).waitFor();
    },
    async show(path) {
      await page.goto(`${url}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByLabel('Loading').first().waitFor({ state: 'detached' });
    },
    excessWidth: () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    async findBarriers(colours = 'with') {
      await page.evaluate(AXE);
      const options: axe.RunOptions =
        colours === 'only'
          ? { runOnly: { type: 'rule', values: ['color-contrast'] } }
          : { runOnly: RULES, rules: { 'color-contrast': { enabled: colours === 'with' } } };
      const results = await page.evaluate(async (given): Promise<axe.AxeResults> => {
        const { axe: loaded } = globalThis as unknown as { axe: typeof axe };
        // Animations change colours: those that end are finished first.
        for (const animation of document.getAnimations())
          if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
        return loaded.run(document, given);
      }, options);
      return results.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
      );
    },
  };
}
