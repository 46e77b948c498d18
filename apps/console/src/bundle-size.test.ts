import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';

/** All JavaScript, every screen included, compressed by gzip. */
const MAX_BYTES = 170_000;
const LIBRARIES = ['react', 'router', 'query', 'uplot'];
const assets = path.join(import.meta.dirname, '..', 'dist', 'assets');

/** Bytes of compressed JavaScript by library; what is ours is `console`. */
const sizes = new Map<string, number>();

beforeAll(() => {
  for (const file of readdirSync(assets).filter((name) => name.endsWith('.js.gz'))) {
    const [, chunk = ''] = /^(.+?)-[\w-]{8}\.js\.gz$/.exec(file) ?? [];
    const owner = LIBRARIES.includes(chunk) ? chunk : 'console';
    sizes.set(owner, (sizes.get(owner) ?? 0) + statSync(path.join(assets, file)).size);
  }
});

test(`all JavaScript together is smaller than ${MAX_BYTES} bytes by gzip`, () => {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${report(total)}\n`);
  expect(total).toBeLessThan(MAX_BYTES);
  // A library that is in no file of its own would count as ours.
  expect([...sizes.keys()].sort()).toEqual([...LIBRARIES, 'console'].sort());
});

test('the page loads files of its origin only, and has nothing inline', () => {
  const page = readFileSync(path.join(assets, '..', 'index.html'), 'utf8');
  expect(page).toContain('<base href="/console/" />');
  expect(page).toContain('<meta name="timer-api-base" content="" />');
  expect(page).not.toMatch(/<script(?![^>]*\ssrc="\.\/)/);
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\//);
});

function report(total: number): string {
  const rows = [...sizes, ['total', total] as const].map(
    ([name, size]) => `  ${name.padEnd(8)} ${(size / 1_000).toFixed(1).padStart(6)} kB`,
  );
  return ['JavaScript of the console, by gzip:', ...rows].join('\n');
}
