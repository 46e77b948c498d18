import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { countJestResults, countTasks } from './test-totals.mjs';

const directory = mkdtempSync(path.join(tmpdir(), 'test-totals-'));
after(() => rmSync(directory, { recursive: true }));

const green = {
  success: true,
  numPassedTests: 3,
  testResults: [{ name: '/x/a.test.ts', status: 'passed', assertionResults: [] }],
};
const red = {
  success: false,
  numPassedTests: 1,
  testResults: [
    {
      name: '/x/a.test.ts',
      status: 'failed',
      message: '',
      assertionResults: [
        { status: 'passed', fullName: 'works' },
        { status: 'failed', fullName: 'does not', failureMessages: ['expected 1\nreceived 2'] },
      ],
    },
    { name: '/x/b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
  ],
};

function project(name, results) {
  const project = { name, directory: path.join(directory, name) };
  mkdirSync(path.join(project.directory, 'coverage'), { recursive: true });
  if (results !== undefined)
    writeFileSync(path.join(project.directory, 'coverage', 'test-results.json'), JSON.stringify(results));
  return project;
}

function tasks(projectName, statuses) {
  return Object.entries(statuses).map(([target, status]) => ({ projectName, target, status }));
}

test('tests that failed and files that did not load are both failures', () => {
  const { passed, failures } = countJestResults(red);
  assert.equal(passed, 1);
  assert.deepEqual(failures, [
    'a.test.ts › does not\nexpected 1\nreceived 2',
    'b.test.ts\nCannot find module',
  ]);
});

test('a run that failed for no reason it names is a failure', () => {
  assert.equal(countJestResults({ ...green, success: false }).failures.length, 1);
});

test('lint and typecheck count as one check each, tests one by one', () => {
  const all = { lint: 0, typecheck: 0, test: 0 };
  assert.deepEqual(countTasks([project('green', green)], tasks('green', all)), { passed: 5, failures: [] });
});

test('what is red, missing, without results or not run is a failure', () => {
  const failuresOf = (name, results, statuses) =>
    countTasks([project(name, results)], tasks(name, statuses)).failures;
  assert.equal(failuresOf('lint-red', green, { lint: 1, typecheck: 0, test: 0 }).length, 1);
  assert.equal(failuresOf('test-red', red, { lint: 0, typecheck: 0, test: 1 }).length, 2);
  assert.match(
    failuresOf('no-results', undefined, { lint: 0, typecheck: 0, test: 0 })[0],
    /no results were written/,
  );
  assert.match(failuresOf('exit-code', green, { lint: 0, typecheck: 0, test: 1 })[0], /exit code 1 although/);
  assert.deepEqual(failuresOf('not-run', green, { test: 0 }), [
    'not-run:lint: was not run',
    'not-run:typecheck: was not run',
  ]);
});
