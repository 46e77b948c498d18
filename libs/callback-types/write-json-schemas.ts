// Regenerates schemas/. Run `npx nx run callback-types:schemas` after changing a schema.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { jsonSchemaFiles } from './json-schemas.ts';

const directory = new URL('schemas/', import.meta.url);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory);
for (const [name, text] of jsonSchemaFiles()) writeFileSync(new URL(name, directory), text);
process.stdout.write(`wrote ${jsonSchemaFiles().size} schemas to libs/callback-types/schemas\n`);
