import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { findProgram } from './find-program.ts';
import { runPsql } from './run-psql.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const given = process.env['PSQL_BIN'];
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());
afterEach(() => {
  if (given === undefined) delete process.env['PSQL_BIN'];
  else process.env['PSQL_BIN'] = given;
});

test('runs psql on the database', async () => {
  const result = await runPsql(database.url, ['-At', '-c', 'SELECT current_database()']);
  expect(result).toEqual({ exitCode: 0, stdout: `${database.name}\n`, stderr: '' });
});

test('stops at the first error and says so', async () => {
  const result = await runPsql(database.url, ['-c', 'SELECT 1/0', '-c', "SELECT 'after'"]);
  expect(result).toMatchObject({ exitCode: 1, stdout: '' });
  expect(result.stderr).toContain('division by zero');
});

test('names the variable that points to no program', () => {
  process.env['PSQL_BIN'] = '/nowhere/psql';
  expect(() => findProgram('psql', 'PSQL_BIN')).toThrow('PSQL_BIN is /nowhere/psql');
});
