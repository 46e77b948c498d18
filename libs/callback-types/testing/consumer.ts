import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));

/** Result of a program, which may have failed. */
export interface Run {
  readonly status: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Run> {
  // npm and Nx set variables that name other directories and enable colors.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|nx_|force_color$)/i.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
  });
}

/** A package outside the workspace with the packed package and zod installed. */
export interface Consumer {
  /** The packed package. */
  readonly tarball: string;
  /** Paths of the files in it. */
  readonly packed: readonly string[];
  write(name: string, text: string): Promise<void>;
  node(...args: string[]): Promise<Run>;
  /** Runs a program of the workspace, given the path of its script in node_modules. */
  tool(script: string, ...args: string[]): Promise<Run>;
  remove(): Promise<void>;
}

/** Packs the build in dist/ and installs it. @throws if the package is not built, or if npm or tar fails. */
export async function installInConsumer(): Promise<Consumer> {
  // Without symbolic links: tsc and Node.js print the real paths of files.
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'callback-types-consumer-')));
  const installed = join(directory, 'node_modules', '@timer-platform', 'callback-types');
  await mkdir(installed, { recursive: true });
  await symlink(join(WORKSPACE, 'node_modules', 'zod'), join(directory, 'node_modules', 'zod'), 'junction');

  const pack = await run('npm', ['pack', '--silent', '--pack-destination', directory], PACKAGE);
  const tarball = join(directory, pack.output.trim().split('\n').at(-1) ?? '');
  const list = await run('tar', ['-tzf', tarball], directory);
  const extract = await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], directory);
  if (pack.status + list.status + extract.status > 0)
    throw new Error(`cannot pack callback-types: ${pack.output}${list.output}${extract.output}`);
  const packed = list.output.split('\n').flatMap((path) => path.replace('package/', '') || []);
  if (!packed.includes('dist/esm/index.js'))
    throw new Error('callback-types is not built: run npx nx build callback-types');

  return {
    tarball,
    packed,
    write: (name, text) => writeFile(join(directory, name), text),
    node: (...args) => run(process.execPath, args, directory),
    tool: (script, ...args) =>
      run(process.execPath, [join(WORKSPACE, 'node_modules', script), ...args], directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
