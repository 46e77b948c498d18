import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationError } from '../migration-error.ts';

/**
 * The `migrations/` directory that goes with this copy of the code: the first one above this file that holds the first
 * migration. So it is found from the sources, from dist/ and in a container image alike.
 *
 * @throws MigrationError `bad-directory` when there is none; then name the directory instead.
 */
export function findMigrationsDirectory(from: string = path.dirname(fileURLToPath(import.meta.url))): string {
  for (let at = from; ; at = path.dirname(at)) {
    const candidate = path.join(at, 'migrations');
    if (existsSync(path.join(candidate, '001_create_timers.sql'))) return candidate;
    if (at === path.dirname(at)) {
      throw new MigrationError(
        'bad-directory',
        `no migrations/ directory found above ${from}; name one with --migrations`,
      );
    }
  }
}
