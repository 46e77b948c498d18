import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';

/** All JavaScript, every screen included, as browsers load it over TLS: compressed by Brotli. */
const MAX_BYTES = 170_000;
/** What a screen loads, compressed by gzip, as browsers load it without TLS. */
const MAX_SCREEN_BYTES = 170_000;
const LIBRARIES = ['react', 'router', 'query', 'uplot'];
const assets = path.join(import.meta.dirname, '..', 'dist', 'assets');

interface Sizes {
  readonly brotli: number;
  readonly gzip: number;
}

/** Bytes of compressed JavaScript by library; what is ours is `console`. */
const sizes = new Map<string, Sizes>();
const add = (a: Sizes, b: Sizes): Sizes => ({ brotli: a.brotli + b.brotli, gzip: a.gzip + b.gzip });
const NONE: Sizes = { brotli: 0, gzip: 0 };

function sizesOf(file: string): Sizes {
  const bytes = (extension: string) => statSync(path.join(assets, `${file}${extension}`)).size;
  return { brotli: bytes('.br'), gzip: bytes('.gz') };
}

const scripts = () => readdirSync(assets).filter((name) => name.endsWith('.js'));

beforeAll(() => {
  for (const file of scripts()) {
    const [, chunk = ''] = /^(.+?)-[\w-]{8}\.js$/.exec(file) ?? [];
    const owner = LIBRARIES.includes(chunk) ? chunk : 'console';
    sizes.set(owner, add(sizes.get(owner) ?? NONE, sizesOf(file)));
  }
});

test(`all JavaScript together is smaller than ${MAX_BYTES} bytes`, () => {
  const total = [...sizes.values()].reduce(add, NONE);
  process.stdout.write(`${report(total)}\n`);
  expect(total.brotli).toBeLessThan(MAX_BYTES);
  // A library that is in no file of its own would count as ours.
  expect([...sizes.keys()].sort()).toEqual([...LIBRARIES, 'console'].sort());
});

test(`what an operator's screen loads is smaller than ${MAX_SCREEN_BYTES} bytes by gzip`, () => {
  const loaded = withImports(fileOf('index'));
  // With the first chart. The forms, and schedules, are another file.
  for (const chart of ['plot', 'uplot']) withImports(fileOf(chart), loaded);
  expect(loaded).toContain(fileOf('operating'));
  expect(loaded).not.toContain(fileOf('editing'));
  const { gzip } = [...loaded].map(sizesOf).reduce(add, NONE);
  expect(gzip).toBeLessThan(MAX_SCREEN_BYTES);
});

function fileOf(chunk: string): string {
  const file = scripts().find((name) => name.startsWith(`${chunk}-`));
  if (file === undefined) throw new Error(`the build has no file ${chunk}`);
  return file;
}

/** A file of the build and those that it imports at once. */
function withImports(file: string, found = new Set<string>()): Set<string> {
  found.add(file);
  const code = readFileSync(path.join(assets, file), 'utf8');
  for (const [, imported = ''] of code.matchAll(/(?:from|import)\s*[`"']\.\/([\w.-]+\.js)[`"']/g))
    if (!found.has(imported)) withImports(imported, found);
  return found;
}

test('the page loads files of its origin only, and has nothing inline', () => {
  const page = readFileSync(path.join(assets, '..', 'index.html'), 'utf8');
  expect(page).toContain('<base href="/console/" />');
  expect(page).toContain('<meta name="timer-api-base" content="" />');
  expect(page).not.toMatch(/<script(?![^>]*\ssrc="\.\/)/);
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\//);
});

function report(total: Sizes): string {
  const inKilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`.padStart(9);
  const rows = [...sizes, ['total', total] as const].map(
    ([name, { brotli, gzip }]) => `  ${name.padEnd(8)} ${inKilobytes(brotli)} ${inKilobytes(gzip)}`,
  );
  return ['JavaScript of the console, by Brotli and by gzip:', ...rows].join('\n');
}
