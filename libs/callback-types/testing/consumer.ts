import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const WORKSPACE = fileURLToPath(new URL('../../../', import.meta.url));

/** How a program ended; it may have failed. */
export interface Run {
  readonly status: number;
  /** What it printed, to both streams. */
  readonly output: string;
}

function run(program: string, parameters: readonly string[], cwd: string): Promise<Run> {
  // A task of npm or Nx has an environment that names other folders, and asks for colours.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|nx_|force_color$)/i.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(program, parameters, { cwd, env, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
  });
}

/** A package outside the workspace that has installed this one, as `npm pack` packs it, with zod beside it. */
export interface Consumer {
  /** The packed package. */
  readonly tarball: string;
  /** Paths of its files. */
  readonly packed: readonly string[];
  write(name: string, text: string): Promise<void>;
  node(...parameters: string[]): Promise<Run>;
  /** Runs a program that the workspace has installed, by the path of its script in node_modules. */
  tool(script: string, ...parameters: string[]): Promise<Run>;
  remove(): Promise<void>;
}

/** Packs what the build left in dist/. @throws when there is none, or npm or tar fails. */
export async function installInConsumer(): Promise<Consumer> {
  // A path without links: tsc and Node name files by it.
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
    node: (...parameters) => run(process.execPath, parameters, directory),
    tool: (script, ...parameters) =>
      run(process.execPath, [join(WORKSPACE, 'node_modules', script), ...parameters], directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
