import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findNativePackage, makeLibraryLinks, prepareBinaries } from './postgres-binaries.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'postgres-binaries-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('makeLibraryLinks', () => {
  test('creates the links that the package lists, also concurrently and repeatedly', async () => {
    const lib = path.join(directory, 'native', 'lib');
    await mkdir(lib, { recursive: true });
    await writeFile(path.join(lib, 'libx.so.1.2'), 'library');
    const links = ['libx.so', 'libx.so.1'].map((name) => ({
      source: 'native/lib/libx.so.1.2',
      target: `native/lib/${name}`,
    }));
    await writeFile(path.join(directory, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    await Promise.all([
      makeLibraryLinks(directory),
      makeLibraryLinks(directory),
      makeLibraryLinks(directory),
    ]);
    await makeLibraryLinks(directory);
    expect(await readlink(path.join(lib, 'libx.so'))).toBe('libx.so.1.2');
    expect(await readFile(path.join(lib, 'libx.so.1'), 'utf8')).toBe('library');
  });

  test('does nothing for a package without links', async () => {
    await expect(makeLibraryLinks(directory)).resolves.toBeUndefined();
  });
});

test('prepareBinaries returns the path of a program that runs', async () => {
  const binaries = await prepareBinaries(await findNativePackage(), undefined, directory, () => undefined);
  expect(path.basename(binaries.postgres)).toMatch(/^postgres/);
});
