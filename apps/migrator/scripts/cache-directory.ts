import { homedir } from 'node:os';
import path from 'node:path';

/** Where a check keeps a program that it installs, for its next run: in the user's cache directory. */
export function cacheDirectory(name: string): string {
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'timer-platform', name);
}
