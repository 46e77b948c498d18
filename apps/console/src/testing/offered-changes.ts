import type { Page } from 'playwright-core';

/** What a button or a link that changes something says. */
const CHANGES =
  /^(?:pause|resume|trigger|backfill|edit|delete|cancel|retry|run|reschedule|limits|undo|new|copy as new|store|change all|select)\b/i;

/** The texts of what a screen offers that changes something. Menus that are closed count by their buttons. */
export async function offeredChanges(page: Page): Promise<string[]> {
  const names = await page
    .locator('main')
    // Errors offer to read again.
    .locator(':is(button, a, label:has([type="checkbox"])):not([role="alert"] *):visible')
    .evaluateAll((elements) => elements.map((element) => element.textContent.trim()));
  return names.filter((name) => CHANGES.test(name));
}
