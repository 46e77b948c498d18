import { readFileSync } from 'node:fs';
import { z } from 'zod';

const manifestSchema = z.object({ version: z.string() });

/** The User-Agent of deliveries: `timer-platform/<version>`, with the version from package.json. */
export function deliveryUserAgent(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return `timer-platform/${manifestSchema.parse(JSON.parse(manifest)).version}`;
}
