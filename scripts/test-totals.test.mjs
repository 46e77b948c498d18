import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { countJestResults, countTests } from './test-totals.mjs';

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

test('the tests of all projects are added up', () => {
  const projects = [project('one', green), project('other', green)];
  // The results of a target that is built first do not count.
  const tasks = [
    { projectName: 'one', target: 'build', status: 0 },
    ...projects.map(({ name }) => ({ projectName: name, target: 'test', status: 0 })),
  ];
  assert.deepEqual(countTests(projects, tasks), { passed: 6, failures: [] });
});

test('tests that are red, without results or not run are a failure', () => {
  const failuresOf = (name, results, ...statuses) =>
    countTests(
      [project(name, results)],
      statuses.map((status) => ({ projectName: name, target: 'test', status })),
    ).failures;
  assert.equal(failuresOf('test-red', red, 1).length, 2);
  assert.match(failuresOf('no-results', undefined, 0)[0], /no results were written/);
  assert.match(failuresOf('exit-code', green, 1)[0], /exit code 1 although/);
  assert.deepEqual(failuresOf('not-run', green), ['not-run:test: was not run']);
});
