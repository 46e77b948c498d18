import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { workspaceRoot } from '../processes/child.ts';

/** The migrator at work in a process of its own, so that measuring does not slow it down, nor it the measuring. */
export interface MigratorProcess {
  kill(): void;
  /** Exit code, null when it was killed. */
  readonly exit: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** @param onLine told of each line of standard error at once */
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

/** Runs it to its end. @throws when it fails, with what it said */
export async function runMigrator(databaseUrl: string, args: readonly string[]): Promise<string> {
  const { code, stderr } = await startMigrator(databaseUrl, args).exit;
  if (code !== 0) throw new Error(`migrator ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stderr}`);
  return stderr;
}
