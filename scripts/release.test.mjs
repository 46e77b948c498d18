/** A dry run of `nx release`, which writes nothing, so that an error shows before the release. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runCommand } from './run-command.mjs';
import { readJson, workspaceRoot } from './workspace.mjs';

test('a dry run of nx release finds the public package and its version', async () => {
  const manifest = readJson(path.join(workspaceRoot, 'libs', 'callback-types', 'package.json'));
  const [major, minor] = manifest.version.split('.').map(Number);
  const next = `${major}.${minor + 1}.0`;
  const nx = path.join(workspaceRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const { exitCode, output } = await runCommand(
    process.execPath,
    [nx, 'release', next, '--dry-run', '--skip-publish'],
    { quiet: true, env: { FORCE_COLOR: '0' } },
  );
  assert.equal(exitCode, 0, output);
  assert.match(output, new RegExp(`"version": "${next.replaceAll('.', '\\.')}"`));
});
