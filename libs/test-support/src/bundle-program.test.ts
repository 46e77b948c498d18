import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bundleProgram } from './bundle-program.ts';

const run = promisify(execFile);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'bundle-program-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, text);
  return file;
}

test('a bundled program finds its packages and the paths of its sources', async () => {
  await write('part.ts', 'export const url: string = import.meta.url;');
  const main = await write(
    'main.ts',
    `import pg from 'pg';
     import { url } from './part.ts';
     console.log(JSON.stringify([url, typeof pg.Client, process.argv.slice(2)]));`,
  );
  const { stdout } = await run(process.execPath, [await bundleProgram(main), '--option'], { cwd: directory });
  const part = pathToFileURL(path.join(directory, 'part.ts')).href;
  expect(JSON.parse(stdout)).toEqual([part, 'function', ['--option']]);
});

test('a source that does not compile is an error that names it', async () => {
  const main = await write('broken.ts', 'const = 1;');
  await expect(bundleProgram(main)).rejects.toThrow(/broken\.ts:1:6: ERROR/);
});
