import { readFileSync } from 'node:fs';

/** A JSON file of this package, by its path in it. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}
