/**
 * Gives openapi.json to generators of clients in TypeScript, Python and Go. Each must accept it without a warning, and
 * what it writes must compile.
 *
 *     npx nx run timer-service:check-generators
 *
 * Needs npm, python3 and go; a generator whose program is missing is skipped. The first run installs the generators in
 * the user's cache directory, which takes about two minutes; later runs take half a minute.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, type Generator, GENERATORS, isAvailable } from './generators.ts';

const DOCUMENT = fileURLToPath(new URL('../openapi.json', import.meta.url));
const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'timer-platform');

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Generates a client and compiles it. @throws Error on a failure or a warning */
async function tryDocument(generator: Generator, directory: string, document: string): Promise<void> {
  const target = await mkdtemp(path.join(tmpdir(), 'check-generators-'));
  try {
    const output = await generator.generate(directory, document, target);
    assert.doesNotMatch(output, /warn/i);
    await generator.compile(directory, target);
  } finally {
    await rm(target, { recursive: true });
  }
}

/** The control: the check must notice a document that is not right. */
async function expectToRefuse(generator: Generator, directory: string): Promise<void> {
  const file = path.join(directory, 'broken.json');
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(file, text.replace('"#/components/schemas/Timer"', '"#/components/schemas/Missing"'));
  await assert.rejects(
    tryDocument(generator, directory, file),
    'a reference to a missing schema is accepted',
  );
}

async function check(generator: Generator): Promise<void> {
  const { name, needs } = generator;
  if (!(await isAvailable(generator))) {
    print(`skipped ${name}: it needs ${needs.program}, which is not installed (${needs.from})`);
    return;
  }
  try {
    const directory = await ensureInstalled(generator, CACHE);
    await tryDocument(generator, directory, DOCUMENT);
    await expectToRefuse(generator, directory);
    print(`ok      ${name}`);
  } catch (error) {
    process.exitCode = 1;
    print(`failed  ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

for (const generator of GENERATORS) await check(generator);
