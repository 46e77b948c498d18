import path from 'node:path';
import type { Consumer } from './consumer.ts';
import type { Run } from './run.ts';
import type { TypescriptCompiler } from './typescript-compilers.ts';

/** How a project resolves modules. */
export interface ModuleMode {
  readonly module: string;
  readonly moduleResolution: string;
  /** Extensions of the sources: `.mts` are ES modules, `.cts` are CommonJS. */
  readonly extensions: readonly string[];
}

export const MODULE_MODES: readonly ModuleMode[] = [
  { module: 'node16', moduleResolution: 'node16', extensions: ['.mts', '.cts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', extensions: ['.mts', '.cts'] },
  { module: 'esnext', moduleResolution: 'bundler', extensions: ['.ts'] },
];

export interface CompileOptions {
  readonly compiler: TypescriptCompiler;
  readonly mode: ModuleMode;
  /** TypeScript text that is compiled once for each extension of the mode. */
  readonly text: string;
  /** Declarations of globals that the packages use but the project does not have. */
  readonly globals?: string;
  /** Names of types of the workspace, such as `node`; none by default. */
  readonly types?: readonly string[];
}

/**
 * Compiles a strict project. With `nodenext`, which reads both builds of the packages, a compiler that is meant to also checks
 * every declaration, those of dependencies included, which takes most of the time. Writes no output.
 */
export async function compile(consumer: Consumer, options: CompileOptions): Promise<Run> {
  const { compiler, mode, text, globals, types = [] } = options;
  const name = `typed-${mode.moduleResolution}`;
  const files = mode.extensions.map((extension) => `${name}${extension}`);
  for (const file of files) await consumer.write(file, text);
  if (globals !== undefined) await consumer.write('globals.d.ts', globals);
  const config = {
    compilerOptions: {
      module: mode.module,
      moduleResolution: mode.moduleResolution,
      target: 'es2022',
      lib: ['es2022'],
      types,
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: !(compiler.checkDeclarations && mode.module === 'nodenext'),
    },
    files: globals === undefined ? files : ['globals.d.ts', ...files],
  };
  await consumer.write(`${name}.json`, JSON.stringify(config));
  // Less time for collecting garbage.
  return consumer.node('--max-semi-space-size=128', path.resolve(compiler.tsc), '-p', `${name}.json`);
}
