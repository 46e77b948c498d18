import { readdirSync, readFileSync } from 'node:fs';

const MIGRATIONS = new URL('../../../migrations/', import.meta.url);

/** Returns the values that `CONSTRAINT <name> CHECK (<column> IN (…))` allows in the newest migration that has it. */
export function valuesOfCheckConstraint(name: string): string[] {
  const constraint = new RegExp(String.raw`CONSTRAINT ${name} CHECK \(\w+ IN \(([^)]*)\)\)`, 'g');
  const files = readdirSync(MIGRATIONS).filter((file) => /^\d.*\.sql$/.test(file));
  const statements = files.sort().flatMap((file) => {
    const text = readFileSync(new URL(file, MIGRATIONS), 'utf8');
    return Array.from(text.matchAll(constraint), ([, list]) => list ?? '');
  });
  const newest = statements.at(-1);
  if (newest === undefined) throw new Error(`no migration has a constraint ${name} of this form`);
  return Array.from(newest.matchAll(/'([^']*)'/g), ([, value]) => value ?? '');
}
