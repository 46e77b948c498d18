import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../migration-error.ts';

/**
 * Finds the `migrations/` directory of this copy of the code: the nearest one above `from` that holds the first
 * migration. Works from the sources, from dist/ and in a container image.
 *
 * @throws MigrationError `bad-directory` when there is none
 */
export function findMigrationsDirectory(from: string = path.dirname(fileURLToPath(import.meta.url))): string {
  for (let at = from; ; at = path.dirname(at)) {
    const candidate = path.join(at, 'migrations');
    if (existsSync(path.join(candidate, '001_create_timers.sql'))) return candidate;
    if (at === path.dirname(at)) {
      throw new MigrationError(
        'bad-directory',
        `no migrations/ directory found above ${from}; set it with --migrations`,
      );
    }
  }
}
