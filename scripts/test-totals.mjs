/** Adds up the results of all checks. Pure, except that it reads the result files. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson } from './workspace.mjs';

const MESSAGE_LINES = 12;

function firstLines(text) {
  return text.trim().split('\n').slice(0, MESSAGE_LINES).join('\n');
}

/**
 * Counts the tests of one project in the output of `jest --json`.
 * @returns {{ passed: number, failures: string[] }}
 */
export function countJestResults(results) {
  const failures = [];
  for (const file of results.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      failures.push(`${path.basename(file.name)} › ${fullName}\n${firstLines(failureMessages.join('\n'))}`);
    // A file that does not load, or an afterAll that throws: it has no test name.
    if (failed.length === 0 && file.status === 'failed')
      failures.push(`${path.basename(file.name)}\n${firstLines(file.message)}`);
  }
  if (failures.length === 0 && !results.success)
    failures.push('jest has failed for another reason; see its output');
  return { passed: results.numPassedTests, failures };
}

/** The tests of a project whose target has ended; a missing result file is a failure, even with exit code 0. */
function countProject(directory, exitCode) {
  const file = path.join(directory, 'coverage', 'test-results.json');
  if (!existsSync(file)) return { passed: 0, failures: ['no results were written; see the output above'] };
  const counted = countJestResults(readJson(file));
  if (exitCode !== 0 && counted.failures.length === 0)
    counted.failures.push(`ended with exit code ${exitCode} although no test has failed`);
  return counted;
}

/**
 * Adds up the tests of every project.
 *
 * @param projects name and directory of each
 * @param tasks results of Nx's run: `{ projectName, target, status }`, where status is the exit code
 * @returns {{ passed: number, failures: string[] }} a project whose tests were not run is a failure
 */
export function countTests(projects, tasks) {
  const total = { passed: 0, failures: [] };
  for (const { name, directory } of projects) {
    const task = tasks.find(({ projectName, target }) => projectName === name && target === 'test');
    const { passed, failures } =
      task === undefined ? { passed: 0, failures: ['was not run'] } : countProject(directory, task.status);
    total.passed += passed;
    total.failures.push(...failures.map((failure) => `${name}:test: ${failure}`));
  }
  return total;
}
