import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMigrationFile } from '../files/migration-file.ts';
import { type SchemaObject, schemaObjectSchema } from './schema-objects.ts';
import { formatStoredSchema, readStoredSchema } from './stored-schema.ts';

const files = ['001_a.sql', '002_b.sql', '003_c.sql', '004_d.sql'].map((name) =>
  parseMigrationFile(name, Buffer.from('SELECT 1;\n')),
);
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stored-schema-'));
  await mkdir(path.join(directory, 'schema'));
});
afterAll(() => rm(directory, { recursive: true }));

const object: fc.Arbitrary<SchemaObject> = fc.record({
  kind: fc.constantFrom(...schemaObjectSchema.shape.kind.options),
  table: fc.string(),
  name: fc.string(),
  definition: fc.string({ unit: fc.constantFrom('a', ' ', '\n', ',', ';', "'", '"', '(', ')') }),
});

test('a stored schema is read as it was written, whatever its objects are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(object), async (objects) => {
      await writeFile(path.join(directory, 'schema', 'newest.json'), formatStoredSchema(objects));
      const [newest] = files.slice(-1);
      expect(newest && (await readStoredSchema(directory, files, newest))).toEqual(objects);
    }),
    { numRuns: 50 },
  );
});

test('only the adoptable versions and the newest have one', async () => {
  const outcomes = await Promise.all(
    files.map((file) => readStoredSchema(directory, files, file).catch((error: unknown) => String(error))),
  );
  expect(outcomes).toEqual([
    expect.stringMatching(/001_a\.json, the expected schema; restore it/),
    expect.stringMatching(/002_b\.json/),
    undefined,
    expect.any(Array),
  ]);
});
