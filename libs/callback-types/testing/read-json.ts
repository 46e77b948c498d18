import { readFileSync } from 'node:fs';

/** Parses a JSON file of this package; `path` is relative to the package. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}
