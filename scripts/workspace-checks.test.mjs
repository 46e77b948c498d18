/**
 * `npm test` checks the types of all projects in one program and lints with it; `nx typecheck` and `nx lint` do so for each
 * project. Both must see the same files with the same options.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { listProjects, workspaceRoot } from './workspace.mjs';

function readConfig(file) {
  const fail = ({ messageText }) => assert.fail(ts.flattenDiagnosticMessageText(messageText, '\n'));
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
  const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(file, {}, host);
  const { configFilePath, ...others } = options;
  assert.equal(path.resolve(configFilePath), path.resolve(file));
  return { fileNames: fileNames.map((name) => path.resolve(name)), options: others };
}

const workspace = readConfig(path.join(workspaceRoot, 'tsconfig.workspace.json'));
/** A program of its own, with the types of browsers; npm test checks it beside the workspace. */
const CONSOLE = path.join('apps', 'console');
const projects = listProjects()
  .filter(({ directory }) => path.relative(workspaceRoot, directory) !== CONSOLE)
  .map(({ name, directory }) => ({ name, ...readConfig(path.join(directory, 'tsconfig.json')) }));

test('tsconfig.workspace.json has the files of the projects and no others', () => {
  const files = new Set(projects.flatMap(({ fileNames }) => fileNames));
  assert.ok(files.size > 0);
  const missing = [...files].filter((file) => !workspace.fileNames.includes(file));
  const others = workspace.fileNames.filter((file) => !files.has(file));
  assert.deepEqual({ missing, others }, { missing: [], others: [] }, 'adapt "include"');
});

for (const { name, options } of projects)
  test(`${name} has the options of tsconfig.workspace.json`, () => {
    assert.deepEqual(options, workspace.options);
  });

test('eslint.workspace.config.mjs has the rules of eslint.config.mjs', async () => {
  const eslint = new ESLint({ cwd: workspaceRoot });
  const whole = new ESLint({ cwd: workspaceRoot, overrideConfigFile: 'eslint.workspace.config.mjs' });
  for (const file of [
    'apps/timer-service/src/main.ts',
    'libs/client/src/new.test.ts',
    'apps/console/src/main.tsx',
    'scripts/test.mjs',
  ]) {
    const expected = await eslint.calculateConfigForFile(path.join(workspaceRoot, file));
    const actual = await whole.calculateConfigForFile(path.join(workspaceRoot, file));
    assert.deepEqual(actual.rules, expected.rules);
    assert.ok(Object.keys(actual.rules).length > 0);
  }
});
