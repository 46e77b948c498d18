import type { Node } from 'libpg-query';
import { z } from 'zod';

/** PostgreSQL's own parser. Its names are those of PostgreSQL's source (src/include/nodes/parsenodes.h). */
export interface SqlParser {
  /** @throws Error with the message of PostgreSQL for a syntax error */
  parse(sql: string): Node[];
  /** The same; nothing for a syntax error. */
  tryParse(sql: string): Node[];
  /** The tree of the body of a PL/pgSQL block or function, which has no types. */
  parseBlock(sql: string): unknown;
}

/** Loads the parser on first use: it takes some tens of milliseconds, and most commands do not need it. */
export async function loadParser(): Promise<SqlParser> {
  const { loadModule, parsePlPgSQLSync, parseSync } = await import('libpg-query');
  await loadModule();
  const parse = (sql: string): Node[] =>
    (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt]));
  return {
    parse,
    tryParse: (sql) => {
      try {
        return parse(sql);
      } catch {
        return [];
      }
    },
    parseBlock: parsePlPgSQLSync,
  };
}

/** All values of this key in a tree, at any depth. */
export function* valuesOf(tree: unknown, key: string): Generator {
  if (typeof tree !== 'object' || tree === null) return;
  const entries: [string, unknown][] = Object.entries(tree);
  for (const [name, value] of entries) {
    if (name === key) yield value;
    yield* valuesOf(value, key);
  }
}

const stringNode = z.object({ String: z.object({ sval: z.string() }) });

/** The parts of a dotted name. */
export function partsOf(name: unknown): string[] {
  const parsed = z.array(stringNode).safeParse(name);
  return parsed.success ? parsed.data.map((part) => part.String.sval) : [];
}

/** A name as SQL, quoted where it must be. */
export function toSqlName(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.');
}

type TableReference = Partial<Record<'schemaname' | 'relname', string | undefined>>;

export function tableName(table: TableReference | undefined): string {
  return toSqlName([table?.schemaname, table?.relname]);
}

/** The tables of a list such as that of LOCK or TRUNCATE. */
export function tableNames(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [tableName(node.RangeVar)] : []));
}
