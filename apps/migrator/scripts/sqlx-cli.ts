import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';

/** A file of a migrations directory as `sqlx migrate info` lists it. */
export interface SqlxState {
  readonly version: string;
  /** `installed`, `pending`, or `installed (different checksum)`. */
  readonly state: string;
}

export interface SqlxCli {
  readonly version: string;
  /** Runs `sqlx migrate run`. Returns its exit code and its whole output. */
  migrate(databaseUrl: string, source: string, ...options: readonly string[]): Promise<SqlxResult>;
  /** @throws Error with the output if `sqlx migrate info` fails */
  readStates(databaseUrl: string, source: string): Promise<SqlxState[]>;
}

export interface SqlxResult {
  readonly exitCode: number | null;
  readonly output: string;
}

export async function hasCargo(): Promise<boolean> {
  try {
    await promisify(execFile)('cargo', ['--version']);
    return true;
  } catch {
    return false;
  }
}

const INFO_LINE = /^(\d+)\/(installed(?: \(.*?\))?|pending)/;

/**
 * Installs a version of sqlx-cli in the user's cache directory, unless it is there: it compiles for some minutes.
 *
 * @throws Error when cargo fails; its output is shown as it is written
 */
export async function installSqlxCli(version: string): Promise<SqlxCli> {
  const root = cacheDirectory(`sqlx-cli-${version}`);
  const program = path.join(root, 'bin', 'sqlx');
  try {
    await access(program);
  } catch {
    const features = ['--no-default-features', '--features', 'rustls,postgres'];
    const args = ['install', 'sqlx-cli', '--version', version, '--root', root, '--locked', ...features];
    const child = spawn('cargo', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`cargo ${args.join(' ')} failed`);
  }
  const run = async (databaseUrl: string, args: readonly string[]): Promise<SqlxResult> => {
    const child = spawn(program, ['migrate', ...args], {
      // Where sqlx finds no .env file.
      cwd: tmpdir(),
      env: { ...process.env, DATABASE_URL: databaseUrl, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { exitCode: child.exitCode, output: `${stdout}${stderr}`.trim() };
  };
  return {
    version,
    migrate: (databaseUrl, source, ...options) => run(databaseUrl, ['run', '--source', source, ...options]),
    readStates: async (databaseUrl, source) => {
      const { exitCode, output } = await run(databaseUrl, ['info', '--source', source]);
      if (exitCode !== 0) throw new Error(`sqlx migrate info: ${output}`);
      return output.split('\n').flatMap((line) => {
        const [, fileVersion, state] = INFO_LINE.exec(line) ?? [];
        return fileVersion === undefined || state === undefined ? [] : [{ version: fileVersion, state }];
      });
    },
  };
}
