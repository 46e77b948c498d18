import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { openApiText } from '../../../openapi-text.ts';

const kept = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8');

test('openapi.json is what the routes say; when stale: npx nx run timer-service:openapi', async () => {
  expect(await openApiText()).toBe(kept);
});

test('every reference of openapi.json leads somewhere and every schema is named', () => {
  const names = Array.from(kept.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g), ([, name]) => name);
  const { components } = JSON.parse(kept) as { components: { schemas: object } };
  expect(Object.keys(components.schemas).sort()).toStrictEqual([...new Set(names)].sort());
});
