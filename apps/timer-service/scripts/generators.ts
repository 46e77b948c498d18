import { execFile } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

interface Run {
  readonly status: number;
  readonly output: string;
}

/** A program that writes a client from an OpenAPI document. */
export interface Generator {
  readonly name: string;
  /** The program that installs it, and where to get that. */
  readonly needs: { readonly program: string; readonly args: readonly string[]; readonly from: string };
  /** Installs it in an empty directory. @throws Error if a program fails */
  install(directory: string): Promise<void>;
  /** Returns the output of the generator. @throws Error if it fails */
  generate(directory: string, document: string, target: string): Promise<string>;
  /** Compiles what was generated. @throws Error if that fails */
  compile(directory: string, target: string): Promise<void>;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function run(program: string, args: readonly string[], { cwd, env }: RunOptions = {}): Promise<Run> {
  // npm and Nx set variables that name other directories.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|nx_|node_options$)/i.test(name));
  const options = { cwd, env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...env } };
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : 1, output: `${stdout}${stderr}`.trim() });
    });
  });
}

async function runOrThrow(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, output } = await run(program, args, options);
  if (status !== 0) throw new Error(`${path.basename(program)} ${args.join(' ')}\n${output}`);
  return output;
}

/** Whether the program that installs the generator runs on this machine. */
export async function isAvailable({ needs }: Generator): Promise<boolean> {
  return (await run(needs.program, needs.args)).status === 0;
}

/** Installs the generator unless an earlier run has. Returns its directory. */
export async function ensureInstalled(generator: Generator, cache: string): Promise<string> {
  const directory = path.join(cache, generator.name.replace('@', '-'));
  const complete = path.join(directory, 'installed');
  try {
    await access(complete);
  } catch {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await generator.install(directory);
    await writeFile(complete, '');
  }
  return directory;
}

// Accepts TypeScript 5 only, so it cannot be a dependency of the workspace.
const typescript: Generator = {
  name: 'openapi-typescript@7.13.0',
  needs: { program: 'npm', args: ['--version'], from: 'https://nodejs.org' },
  install: async (directory) => {
    const packages = ['openapi-typescript@7.13.0', 'typescript@5.9.3'];
    await runOrThrow('npm', ['install', '--prefix', directory, '--no-audit', '--no-fund', ...packages]);
  },
  generate: (directory, document, target) =>
    runOrThrow(path.join(directory, 'node_modules', '.bin', 'openapi-typescript'), [
      document,
      '--output',
      path.join(target, 'api.ts'),
    ]),
  compile: async (directory, target) => {
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--lib', 'es2022'];
    const tsc = path.join(directory, 'node_modules', '.bin', 'tsc');
    await runOrThrow(tsc, [...options, path.join(target, 'api.ts')]);
  },
};

/** Imports every module of the package, which evaluates every declaration. */
const IMPORT_ALL = `
import importlib, pkgutil, timers
for module in pkgutil.walk_packages(timers.__path__, 'timers.'):
    importlib.import_module(module.name)
`;

const python: Generator = {
  name: 'openapi-python-client@0.29.1',
  needs: {
    program: 'python3',
    args: ['-m', 'venv', '--help'],
    from: 'https://python.org, with pip and venv',
  },
  install: async (directory) => {
    await runOrThrow('python3', ['-m', 'venv', directory]);
    const packages = ['openapi-python-client==0.29.1', 'ruff==0.14.0'];
    await runOrThrow(path.join(directory, 'bin', 'pip'), ['install', '--quiet', ...packages]);
  },
  generate: (directory, document, target) => {
    const bin = path.join(directory, 'bin');
    const options = ['--meta', 'none', '--overwrite', '--fail-on-warning'];
    return runOrThrow(
      path.join(bin, 'openapi-python-client'),
      ['generate', '--path', document, '--output-path', path.join(target, 'timers'), ...options],
      // It formats the code with ruff.
      { env: { PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` } },
    );
  },
  compile: async (directory, target) => {
    const program = path.join(directory, 'bin', 'python');
    await runOrThrow(program, ['-W', 'error', '-c', IMPORT_ALL], { cwd: target });
  },
};

const go: Generator = {
  name: 'oapi-codegen@2.8.2',
  needs: { program: 'go', args: ['version'], from: 'https://go.dev' },
  install: async (directory) => {
    const module = 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2';
    await runOrThrow('go', ['install', module], { env: { GOBIN: directory } });
  },
  generate: (directory, document, target) => {
    const options = ['-generate', 'types,client', '-package', 'timers', '-o', path.join(target, 'timers.go')];
    return runOrThrow(path.join(directory, 'oapi-codegen'), [...options, document]);
  },
  compile: async (_directory, target) => {
    await runOrThrow('go', ['mod', 'init', 'timers.example/timers'], { cwd: target });
    await runOrThrow('go', ['mod', 'tidy'], { cwd: target });
    await runOrThrow('go', ['vet', './...'], { cwd: target });
  },
};

/** One generator for each of the languages that clients are written in most. */
export const GENERATORS: readonly Generator[] = [typescript, python, go];
