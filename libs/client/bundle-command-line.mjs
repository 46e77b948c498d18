// Bundles the command line with commander, yaml and the parts of the contract that it needs into one file, so that the
// package has no further dependency. An argument replaces the path of the file.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const directory = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
/** In the package, the schemas of the contract come from its dependency when they are needed; tests bundle them. */
const isPackaged = process.argv[2] === undefined;
const { resolve } = createRequire(import.meta.url);
const licenses = ['commander', 'yaml', ...(isPackaged ? [] : ['zod'])].map((name) => {
  let folder = dirname(resolve(name));
  while (!existsSync(join(folder, 'LICENSE'))) folder = dirname(folder);
  const license = readFileSync(join(folder, 'LICENSE'), 'utf8').trim();
  return `This file contains ${name} (https://www.npmjs.com/package/${name}):\n\n${license}`;
});

const contractWhenNeeded = {
  name: 'contract-when-needed',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@timer-platform\/callback-types$/ }, ({ kind, path }) =>
      isPackaged && kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

await build({
  absWorkingDir: directory,
  entryPoints: ['src/command-line/main.ts'],
  outfile: process.argv[2] ?? 'dist/timer.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  conditions: ['@timer-platform/source'],
  minify: true,
  // The ES modules of yaml, of which only what is used is bundled.
  alias: { yaml: join(dirname(resolve('yaml')), '../browser/index.js') },
  plugins: [contractWhenNeeded],
  define: { PACKAGE_VERSION: JSON.stringify(version) },
  banner: { js: '#!/usr/bin/env node' },
  footer: { js: `/*\n${licenses.join('\n\n')}\n*/` },
});
