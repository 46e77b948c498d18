/** A dry run of `nx release`, which writes nothing, so that an error shows before the release. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runCommand } from './run-command.mjs';
import { listProjects, readJson, workspaceRoot } from './workspace.mjs';

const manifests = listProjects().map(({ directory }) => readJson(path.join(directory, 'package.json')));
const released = manifests.filter((manifest) => manifest.private !== true);

test('nx.json releases every package that is not private', () => {
  const { release } = readJson(path.join(workspaceRoot, 'nx.json'));
  assert.deepEqual(released.map(({ nx }) => nx.name).sort(), [...release.projects].sort());
});

test('npm pack builds every public package: a fresh clone has no dist', () => {
  for (const { name, scripts, nx } of released)
    assert.equal(scripts?.prepack, nx.targets.build.options.command, `${name}: prepack is not its build`);
});

test('a dry run of nx release gives every public package the next version, and the dependencies between them', async () => {
  const [major, minor] = released[0].version.split('.').map(Number);
  const next = `${major}.${minor + 1}.0`;
  const nx = path.join(workspaceRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const { exitCode, output } = await runCommand(
    process.execPath,
    [nx, 'release', next, '--dry-run', '--skip-publish'],
    { quiet: true, env: { FORCE_COLOR: '0' } },
  );
  assert.equal(exitCode, 0, output);
  for (const { nx: project, name, dependencies = {} } of released) {
    assert.match(output, new RegExp(`${project.name} .*New version ${next.replaceAll('.', '\\.')}`));
    for (const dependency of Object.keys(dependencies).filter((each) => each.startsWith('@timer-platform/')))
      assert.ok(
        output.includes(`+     "${dependency}": "^${next}"`),
        `${name}: ${dependency} keeps its version`,
      );
  }
});
