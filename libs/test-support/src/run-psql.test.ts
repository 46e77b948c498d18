import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { findProgram } from './find-program.ts';
import { runPsql } from './run-psql.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const originalPsql = process.env['PSQL_BIN'];
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());
afterEach(() => {
  if (originalPsql === undefined) delete process.env['PSQL_BIN'];
  else process.env['PSQL_BIN'] = originalPsql;
});

test('runs psql on the database', async () => {
  const result = await runPsql(database.url, ['-At', '-c', 'SELECT current_database()']);
  expect(result).toEqual({ exitCode: 0, stdout: `${database.name}\n`, stderr: '' });
});

test('stops at the first error and returns it', async () => {
  const result = await runPsql(database.url, ['-c', 'SELECT 1/0', '-c', "SELECT 'after'"]);
  expect(result).toMatchObject({ exitCode: 1, stdout: '' });
  expect(result.stderr).toContain('division by zero');
});

test('findProgram names the variable whose value is not an executable file', () => {
  process.env['PSQL_BIN'] = '/nowhere/psql';
  expect(() => findProgram('psql', 'PSQL_BIN')).toThrow('PSQL_BIN is /nowhere/psql');
});
