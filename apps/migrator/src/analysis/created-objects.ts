import type { RangeVar } from 'libpg-query';
import { partsOf, type SqlParser, tableName } from './sql-parser.ts';

export interface CreatedObjects {
  /** Tables as SQL, with their schema if the statement names it. */
  readonly tables: readonly string[];
  /** Tables and views, without schema and quotes. */
  readonly relations: readonly string[];
  /** Functions, without schema, quotes and arguments. */
  readonly functions: readonly string[];
}

/** The objects that a statement creates; none if PostgreSQL cannot parse it. */
export function createdObjects(sql: string, parser: SqlParser): CreatedObjects {
  const tables: RangeVar[] = [];
  const views: RangeVar[] = [];
  const functions: string[] = [];
  for (const node of parser.tryParse(sql)) {
    if ('CreateStmt' in node && node.CreateStmt.relation !== undefined) tables.push(node.CreateStmt.relation);
    if ('CreateTableAsStmt' in node && node.CreateTableAsStmt.into?.rel !== undefined)
      tables.push(node.CreateTableAsStmt.into.rel);
    if ('ViewStmt' in node && node.ViewStmt.view !== undefined) views.push(node.ViewStmt.view);
    if ('CreateFunctionStmt' in node) functions.push(...partsOf(node.CreateFunctionStmt.funcname).slice(-1));
  }
  return {
    tables: tables.map(tableName),
    relations: [...tables, ...views].map(({ relname }) => relname ?? ''),
    functions,
  };
}
