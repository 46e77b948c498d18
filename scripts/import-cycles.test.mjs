import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { findImportCycles, longestChain, readImports } from './import-cycles.mjs';
import { listProjects } from './workspace.mjs';

describe('findImportCycles', () => {
  test('accepts a folder whose files import downwards', () => {
    const imports = new Map([
      ['server.ts', ['routes/create.ts', 'context.ts']],
      ['routes/create.ts', ['context.ts']],
      ['context.ts', []],
    ]);
    assert.deepEqual(findImportCycles(imports), []);
  });

  test('finds two files that import each other', () => {
    const imports = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['a.ts']],
    ]);
    assert.deepEqual(findImportCycles(imports), ['.: a.ts → b.ts → a.ts', '.: b.ts → a.ts → b.ts']);
  });

  test('finds two folders that import each other, although no file does', () => {
    const imports = new Map([
      ['x/claim/loop.ts', ['x/lease/lease.ts']],
      ['x/lease/rescue.ts', ['x/claim/queue.ts']],
    ]);
    assert.deepEqual(findImportCycles(imports), ['x: claim → lease → claim', 'x: lease → claim → lease']);
  });
});

test('longestChain follows imports to their end', () => {
  const imports = new Map([
    ['a.ts', ['b.ts', 'c.ts']],
    ['b.ts', ['c.ts']],
    ['c.ts', []],
  ]);
  assert.deepEqual(longestChain(imports), ['a.ts', 'b.ts', 'c.ts']);
});

for (const { name, directory } of listProjects())
  test(`${name} has no circular imports`, () => {
    assert.deepEqual(findImportCycles(readImports(path.join(directory, 'src'))), []);
  });
