/**
 * Lints migrations/ with squawk: `npx nx run migrator:lint-sql`. Prints each finding that squawk-exceptions.ts does not
 * explain and each exception that explains nothing any more, and exits with 1 if there are any.
 *
 * Needs npm and its registry on the first run, which installs squawk-cli in the user's cache directory; without it the
 * check is skipped. It is no dependency, because a registry may lack its packages for some platforms.
 */
import { execFile } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findMigrationsDirectory } from '@timer-platform/migrations';
import { z } from 'zod';
import { cacheDirectory } from './cache-directory.ts';
import { EXCEPTIONS } from './squawk-exceptions.ts';

const VERSION = '2.66.0';
const OLDEST_POSTGRES = '14.0';

const findingSchema = z.object({
  file: z.string(),
  line: z.number(),
  rule_name: z.string(),
  message: z.string(),
});
type Finding = z.infer<typeof findingSchema>;

const execute = promisify(execFile);
const directory = findMigrationsDirectory();

/** Returns the path of squawk; undefined if it cannot be installed. */
async function installSquawk(): Promise<string | undefined> {
  const root = cacheDirectory(`squawk-${VERSION}`);
  const program = path.join(root, 'node_modules', '.bin', 'squawk');
  try {
    await access(program);
  } catch {
    const options = ['--no-save', '--no-audit', '--no-fund', '--prefix', root];
    await execute('npm', ['install', ...options, `squawk-cli@${VERSION}`]).catch(() => undefined);
  }
  return execute(program, ['--version']).then(
    () => program,
    () => undefined,
  );
}

/** Runs squawk on files below migrations/. It exits with 1 if it finds something. */
async function lint(
  squawk: string,
  files: readonly string[],
  ...options: readonly string[]
): Promise<Finding[]> {
  const args = ['--reporter', 'json', '--pg-version', OLDEST_POSTGRES, ...options, ...files];
  const output = await execute(squawk, args, { cwd: directory, maxBuffer: 16 * 1024 * 1024 }).catch(
    (error: unknown) => z.object({ stdout: z.string() }).parse(error),
  );
  return z.array(findingSchema).parse(JSON.parse(output.stdout));
}

async function lintAll(squawk: string): Promise<Finding[]> {
  const names = await readdir(directory);
  const down = await readdir(path.join(directory, 'down'));
  const files = [...names, ...down.map((name) => `down/${name}`)].filter((name) => name.endsWith('.sql'));
  const inTransaction: string[] = [];
  const notInTransaction: string[] = [];
  for (const file of files.sort()) {
    const text = await readFile(path.join(directory, file), 'utf8');
    (text.startsWith('-- no-transaction') ? notInTransaction : inTransaction).push(file);
  }
  return [
    ...(await lint(squawk, inTransaction, '--assume-in-transaction')),
    ...(await lint(squawk, notInTransaction)),
  ];
}

function report(findings: readonly Finding[]): string[] {
  const used = new Set<string>();
  const problems: string[] = [];
  for (const { file, line, rule_name: rule, message } of findings) {
    const exception = EXCEPTIONS.find(
      (each) => each.rule === rule && (each.files === '*' || each.files.includes(file)),
    );
    if (exception === undefined) problems.push(`${file}:${line + 1}: ${rule}: ${message}`);
    else used.add(`${rule} ${exception.files === '*' ? '*' : file}`);
  }
  for (const { files, rule } of EXCEPTIONS)
    for (const file of files === '*' ? ['*'] : files)
      if (!used.has(`${rule} ${file}`))
        problems.push(`squawk-exceptions.ts: squawk does not report ${rule} for ${file}`);
  return problems;
}

const squawk = await installSquawk();
if (squawk === undefined) {
  process.stdout.write(`skipped: squawk-cli ${VERSION} is not installed, and npm could not install it\n`);
} else {
  const findings = await lintAll(squawk);
  const problems = report(findings);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`squawk ${VERSION}: ${findings.length} findings, ${problems.length} not explained\n`);
  if (problems.length > 0) process.exitCode = 1;
}
