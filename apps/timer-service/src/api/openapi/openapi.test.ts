import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { openApiText } from '../../../openapi-text.ts';

const committed = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8');

test('openapi.json matches the routes (to update it: npx nx run timer-service:openapi)', async () => {
  expect(await openApiText()).toBe(committed);
});

test('every reference in openapi.json has a schema, and every schema is referenced', () => {
  const names = Array.from(
    committed.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g),
    ([, name]) => name,
  );
  const { components } = JSON.parse(committed) as { components: { schemas: object } };
  expect(Object.keys(components.schemas).sort()).toStrictEqual([...new Set(names)].sort());
});
