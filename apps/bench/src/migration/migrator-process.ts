import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { workspaceRoot } from '../processes/child.ts';

/** The migrator in a separate process, so that it and the measurement do not slow each other down. */
export interface MigratorProcess {
  kill(): void;
  /** Exit code, null if it was killed. */
  readonly exit: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** @param onLine called with each line of standard error as it is written */
export function startMigrator(
  databaseUrl: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): MigratorProcess {
  const child = spawn(process.execPath, ['apps/migrator/dist/main.js', ...args], {
    cwd: workspaceRoot,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    lines.push(line);
    onLine?.(line);
  });
  return {
    kill: () => child.kill('SIGKILL'),
    exit: exit.then((code) => ({ code, stderr: lines.join('\n') })),
  };
}

/**
 * Runs the migrator and returns its standard error.
 * @throws Error with its standard error if it fails
 */
export async function runMigrator(databaseUrl: string, args: readonly string[]): Promise<string> {
  const { code, stderr } = await startMigrator(databaseUrl, args).exit;
  if (code !== 0) throw new Error(`migrator ${args.join(' ')} exited with ${code ?? 'a signal'}:\n${stderr}`);
  return stderr;
}
