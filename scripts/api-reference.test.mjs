/** TypeDoc builds the reference of the public packages. A warning, such as a broken link or a missing comment, is an error. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { runCommand } from './run-command.mjs';
import { listProjects, readJson, workspaceRoot } from './workspace.mjs';

test('the API reference is built from the types without a warning', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'api-reference-'));
  try {
    const typedoc = path.join(workspaceRoot, 'node_modules', 'typedoc', 'bin', 'typedoc');
    const { exitCode, output } = await runCommand(process.execPath, [typedoc, '--out', directory], {
      quiet: true,
    });
    assert.equal(exitCode, 0, output);
    assert.ok(readdirSync(path.join(directory, 'functions')).length > 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the API reference covers every package that is not private', () => {
  const { entryPoints } = readJson(path.join(workspaceRoot, 'typedoc.json'));
  const publicProjects = listProjects().filter(
    ({ directory }) => readJson(path.join(directory, 'package.json')).private !== true,
  );
  const directories = publicProjects.map(({ directory }) =>
    path.relative(workspaceRoot, directory).replaceAll(path.sep, '/'),
  );
  assert.deepEqual([...entryPoints].sort(), directories.sort());
});
