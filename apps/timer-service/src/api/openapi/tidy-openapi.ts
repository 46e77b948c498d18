import { isDeepStrictEqual } from 'node:util';
import type { SwaggerTransformObject } from '@fastify/swagger';
import { ERRORS } from '@timer-platform/callback-types';
import type { OpenAPIV3_1 } from 'openapi-types';

type Document = Partial<OpenAPIV3_1.Document>;
type Schemas = NonNullable<OpenAPIV3_1.ComponentsObject['schemas']>;

const REFERENCE = '#/components/schemas/';
const REFERENCES = /"#\/components\/schemas\/([^"]+)"/g;

function namesIn(value: unknown): string[] {
  return Array.from(JSON.stringify(value).matchAll(REFERENCES), ([, name = '']) => name);
}

/** Names of the schemas that the paths reference, directly or through another schema. */
function reachable(paths: unknown, schemas: Schemas): Set<string> {
  const found = new Set(namesIn(paths));
  for (const name of found) for (const next of namesIn(schemas[name] ?? null)) found.add(next);
  return found;
}

function rename<Value>(value: Value, names: ReadonlyMap<string, string>): Value {
  const text = JSON.stringify(value).replace(
    REFERENCES,
    (_, name: string) => `"${REFERENCE}${names.get(name) ?? name}"`,
  );
  return JSON.parse(text) as Value;
}

/**
 * The generator writes every schema twice, for requests and for responses. Removes unreferenced schemas, and uses the
 * plain name where one of the two is enough.
 */
function removeUnusedSchemas(document: Document): Document {
  const { paths, components } = document;
  const schemas = components?.schemas ?? {};
  const needed = reachable(paths, schemas);
  const names = new Map<string, string>();
  for (const name of needed) {
    const plain = name.replace(/Input$/, '');
    const hasPlainName = !needed.has(plain) || isDeepStrictEqual(schemas[name], schemas[plain]);
    names.set(name, hasPlainName ? plain : name);
  }
  const kept: Schemas = {};
  for (const name of [...needed].sort()) kept[names.get(name) ?? name] = schemas[name] ?? {};
  return rename({ ...document, components: { ...components, schemas: kept } }, names);
}

const MEANINGS = new Map<string, string>([
  ['200', 'Success'],
  ['201', 'Stored'],
  ...Object.values(ERRORS).map(({ status, code, meaning }): [string, string] => [
    String(status),
    `code ${code}: ${meaning}`,
  ]),
]);

function describeResponses({ paths }: Document): void {
  for (const path of Object.values(paths ?? {}))
    for (const operation of [path?.get, path?.post, path?.put, path?.delete])
      for (const [status, response] of Object.entries(operation?.responses ?? {}))
        if ('description' in response) response.description = MEANINGS.get(status) ?? status;
}

/** Makes a generated document readable: removes unreferenced schemas and describes the responses. */
export function tidyOpenApi(generated: ReturnType<SwaggerTransformObject>): Document {
  // documentApi requests version 3.1.
  const tidied = removeUnusedSchemas(generated as Document);
  describeResponses(tidied);
  return tidied;
}
