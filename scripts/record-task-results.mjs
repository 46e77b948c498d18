/**
 * An Nx plugin that writes the results of the tasks of a run to the file TASK_RESULTS_FILE:
 * `[{ projectName, target, status }]`, where status is the exit code.
 */
import { writeFileSync } from 'node:fs';

export const name = 'record-task-results';

export function postTasksExecution(_options, { taskResults }) {
  const file = process.env.TASK_RESULTS_FILE;
  if (file === undefined || file === '') return;
  const results = Object.values(taskResults).map(({ task, status, code }) => ({
    projectName: task.target.project,
    target: task.target.target,
    // A result from the cache is a success and has no exit code.
    status: status === 'failure' || status === 'skipped' ? code || 1 : 0,
  }));
  writeFileSync(file, JSON.stringify(results));
}
