import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PackedPackage, packLibrary } from './packed-package.ts';
import { type Run, run } from './run.ts';
import { WORKSPACE } from './workspace.ts';

/** A project outside the workspace that has packed packages installed. */
export interface Consumer {
  readonly directory: string;
  /** The packed packages, in the order in which they were given. */
  readonly packages: readonly PackedPackage[];
  /** Writes a file of the project; `name` is relative to it. */
  write(name: string, text: string): Promise<void>;
  /** Runs Node.js in the project. */
  node(...args: string[]): Promise<Run>;
  /** Runs a program of the workspace in the project, given the path of its script in node_modules. */
  tool(script: string, ...args: string[]): Promise<Run>;
  remove(): Promise<void>;
}

export interface ConsumerOptions {
  /** Public packages to pack and install: names of directories in libs/. */
  readonly libraries: readonly string[];
  /** Packages of the workspace's node_modules that the project has besides; nothing else can be imported. */
  readonly external: readonly string[];
}

async function install({ name, tarball }: PackedPackage, modules: string): Promise<void> {
  const target = path.join(modules, ...name.split('/'));
  await mkdir(target, { recursive: true });
  const { status, output } = await run(
    'tar',
    ['-xzf', tarball, '-C', target, '--strip-components=1'],
    modules,
  );
  if (status !== 0) throw new Error(`cannot unpack ${tarball}: ${output}`);
}

async function link(name: string, modules: string): Promise<void> {
  const target = path.join(modules, ...name.split('/'));
  await mkdir(path.dirname(target), { recursive: true });
  await symlink(path.join(WORKSPACE, 'node_modules', name), target, 'junction');
}

/**
 * Packs libraries as `npm publish` does and installs them in an empty project outside the workspace, where no other
 * package than those in `external` can be found.
 *
 * @throws Error if a library is not built, or if npm or tar fails
 */
export async function installInConsumer({ libraries, external }: ConsumerOptions): Promise<Consumer> {
  // Without symbolic links: tsc and Node.js print the real paths of files.
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'package-consumer-')));
  const modules = path.join(directory, 'node_modules');
  await mkdir(modules);
  const packages = await Promise.all(libraries.map((library) => packLibrary(library, directory)));
  for (const packed of packages) await install(packed, modules);
  for (const name of external) await link(name, modules);
  return {
    directory,
    packages,
    write: (name, text) => writeFile(path.join(directory, name), text),
    node: (...args) => run(process.execPath, args, directory),
    tool: (script, ...args) =>
      run(process.execPath, [path.join(WORKSPACE, 'node_modules', script), ...args], directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
