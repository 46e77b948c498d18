import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { findProgram } from './find-program.ts';

export interface PsqlResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs psql on a database, without start-up file and pager. Stops at the first error.
 *
 * @param args such as `['-1', '-f', file]` or `['-c', 'SELECT 1']`
 */
export async function runPsql(url: string, args: readonly string[]): Promise<PsqlResult> {
  const program = findProgram('psql', 'PSQL_BIN');
  const options = [
    '--no-psqlrc',
    '--no-password',
    '--pset=pager=off',
    '--set=ON_ERROR_STOP=1',
    `--dbname=${url}`,
  ];
  const child = spawn(program, [...options, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}
