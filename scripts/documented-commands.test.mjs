import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf, SCENARIOS, TESTED } from './command-scenarios.mjs';
import { documentedCommands } from './documented-commands.mjs';

const documented = documentedCommands();
const tried = new Set(SCENARIOS.flatMap(({ steps }) => commandsOf(steps)));

test('every documented command is in the table or run by a test', () => {
  const missing = documented.filter((command) => !tried.has(command) && !TESTED.pattern.test(command));
  assert.deepEqual(missing, []);
});

test('every command of the table is documented', () => {
  assert.deepEqual(
    [...tried].filter((command) => !documented.includes(command)),
    [],
  );
});

test('the commands that a test runs are documented, and so is the test', () => {
  assert.ok(documented.some((command) => TESTED.pattern.test(command)));
  assert.ok(documented.includes(TESTED.by));
});
