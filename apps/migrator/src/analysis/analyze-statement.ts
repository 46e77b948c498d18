import type { CreateStmt, DropStmt, Node, VacuumStmt } from 'libpg-query';
import { z } from 'zod';
import { analyzeAlterTable, constraintsOf } from './analyze-alter-table.ts';
import { partsOf, type SqlParser, tableName, tableNames, toSqlName, valuesOf } from './sql-parser.ts';
import {
  combine,
  effect,
  type FileSoFar,
  NO_EFFECT,
  type StatementEffect,
  TABLE_LOCKS,
  unknownEffect,
} from './statement-effect.ts';

/** Statements that block no other session: catalog entries, privileges, savepoints, settings of this transaction. */
const HARMLESS = new Set(
  (
    'CommentStmt CreateFunctionStmt AlterFunctionStmt CompositeTypeStmt CreateEnumStmt AlterEnumStmt AlterTypeStmt ' +
    'CreateDomainStmt CreateSeqStmt AlterSeqStmt CreateSchemaStmt ViewStmt CreateTableAsStmt CreateExtensionStmt ' +
    'CreateRoleStmt AlterRoleStmt GrantStmt GrantRoleStmt AlterDefaultPrivilegesStmt AlterOwnerStmt TransactionStmt ' +
    'ConstraintsSetStmt'
  ).split(' '),
);

export const OUTLIVES_FILE = 'stays in effect for later files: use SET LOCAL';
const EACH_ROW = 'writers of these rows wait until the commit: backfill in small committed batches instead';

function analyzeCreateTable(
  { relation, tableElts, inhRelations, partbound }: CreateStmt,
  { created }: FileSoFar,
) {
  const [parent] = tableNames(inhRelations);
  if (parent !== undefined && partbound !== undefined) return effect('ACCESS EXCLUSIVE', parent, 'short');
  const columns = (tableElts ?? []).flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef] : []));
  const constraints = [
    ...constraintsOf(tableElts),
    ...columns.flatMap((column) => constraintsOf(column.constraints)),
  ];
  const referenced = constraints
    .filter(({ contype }) => contype === 'CONSTR_FOREIGN')
    .map(({ pktable }) => tableName(pktable))
    .find((table) => !created.has(table) && table !== tableName(relation));
  return referenced === undefined
    ? NO_EFFECT
    : effect('SHARE ROW EXCLUSIVE', referenced, 'short', [`writers of ${referenced} wait until the commit`]);
}

function analyzeDrop({ objects, removeType, concurrent }: DropStmt, { created }: FileSoFar): StatementEffect {
  const names = (objects ?? []).map((node) => ('List' in node ? partsOf(node.List.items) : []));
  if (removeType === 'OBJECT_INDEX')
    return concurrent === true
      ? effect('SHARE UPDATE EXCLUSIVE', undefined, 'nothing', ['waits for older transactions'])
      : effect('ACCESS EXCLUSIVE', undefined, 'short', ['queries that use the index become slower']);
  if (removeType === 'OBJECT_TABLE') {
    const table = names.map(toSqlName).find((name) => !created.has(name));
    return table === undefined
      ? NO_EFFECT
      : effect('ACCESS EXCLUSIVE', table, 'short', ['deletes its rows permanently']);
  }
  if (removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE' || removeType === 'OBJECT_POLICY')
    return effect('ACCESS EXCLUSIVE', toSqlName(names[0]?.slice(0, -1) ?? []), 'short');
  return NO_EFFECT;
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === name);
}

function analyzeVacuum({ options, is_vacuumcmd: isVacuum }: VacuumStmt): StatementEffect {
  if (isVacuum === true && hasOption(options, 'full'))
    return effect('ACCESS EXCLUSIVE', undefined, 'long', ['rewrites the whole table or index']);
  return effect('SHARE UPDATE EXCLUSIVE', undefined, 'nothing', [], true);
}

const plpgsqlQuery = z.object({ query: z.string(), parseMode: z.literal(0) });

/** Analyzes an anonymous block by the statements in it. Only PL/pgSQL, without EXECUTE, can be analyzed. */
function analyzeBlock(sql: string, soFar: FileSoFar, parser: SqlParser): StatementEffect {
  let tree: unknown;
  try {
    tree = parser.parseBlock(sql);
  } catch (error) {
    return unknownEffect(`a DO block that cannot be analyzed: ${String(error)}`);
  }
  for (const dynamic of ['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors']) {
    if (!valuesOf(tree, dynamic).next().done)
      return unknownEffect('contains EXECUTE in a DO block, which cannot be analyzed');
  }
  const statements = Array.from(valuesOf(tree, 'PLpgSQL_expr'), (expression) =>
    plpgsqlQuery.safeParse(expression),
  ).flatMap(({ data }) => (data === undefined ? [] : [analyzeStatement(data.query, soFar, parser)]));
  const found = combine(statements);
  return found.lock === 'none'
    ? { ...found, touchesRows: true, hazards: ['reads rows: takes time, but blocks no other session'] }
    : { ...found, hazards: found.hazards.map((hazard) => `in a DO block: ${hazard}`) };
}

/** Data-modifying statements of a WITH clause. */
function analyzeWith(
  ctes: readonly Node[] | undefined,
  soFar: FileSoFar,
  context: Context,
): StatementEffect[] {
  return (ctes ?? []).flatMap((node) =>
    'CommonTableExpr' in node && node.CommonTableExpr.ctequery !== undefined
      ? [analyzeNode(node.CommonTableExpr.ctequery, soFar, context)]
      : [],
  );
}

interface Context {
  readonly sql: string;
  readonly parser: SqlParser;
}

function analyzeNode(node: Node, soFar: FileSoFar, context: Context): StatementEffect {
  const firstUsed = (tables: readonly string[]): string | undefined =>
    tables.find((table) => !soFar.created.has(table));
  if ('SelectStmt' in node) return combine(analyzeWith(node.SelectStmt.withClause?.ctes, soFar, context));
  if ('InsertStmt' in node) {
    const { relation, withClause } = node.InsertStmt;
    const insert = effect('ROW EXCLUSIVE', tableName(relation), 'nothing', [], true);
    return combine([insert, ...analyzeWith(withClause?.ctes, soFar, context)]);
  }
  if ('UpdateStmt' in node)
    return effect('ROW EXCLUSIVE', tableName(node.UpdateStmt.relation), 'long', [EACH_ROW]);
  if ('DeleteStmt' in node)
    return effect('ROW EXCLUSIVE', tableName(node.DeleteStmt.relation), 'long', [EACH_ROW]);
  if ('MergeStmt' in node)
    return effect('ROW EXCLUSIVE', tableName(node.MergeStmt.relation), 'long', [EACH_ROW]);
  if ('CreateStmt' in node) return analyzeCreateTable(node.CreateStmt, soFar);
  if ('AlterTableStmt' in node) {
    const { objtype } = node.AlterTableStmt;
    if (objtype === 'OBJECT_TABLE' || objtype === 'OBJECT_INDEX')
      return analyzeAlterTable(node.AlterTableStmt, soFar);
    return NO_EFFECT;
  }
  if ('IndexStmt' in node) {
    const table = tableName(node.IndexStmt.relation);
    return node.IndexStmt.concurrent === true
      ? effect(
          'SHARE UPDATE EXCLUSIVE',
          table,
          'nothing',
          ['reads the table twice and waits for older transactions'],
          true,
        )
      : effect('SHARE', table, 'long', [
          'writers wait while the index is built: use CREATE INDEX CONCURRENTLY in its own file with the first line -- no-transaction',
        ]);
  }
  if ('RenameStmt' in node) {
    const { relation, renameType } = node.RenameStmt;
    if (renameType === 'OBJECT_INDEX') return effect('SHARE UPDATE EXCLUSIVE', undefined, 'nothing');
    return relation === undefined
      ? NO_EFFECT
      : effect('ACCESS EXCLUSIVE', tableName(relation), 'short', [
          'programs that still use the old name fail after the commit',
        ]);
  }
  if ('AlterObjectSchemaStmt' in node && node.AlterObjectSchemaStmt.relation !== undefined)
    return effect('ACCESS EXCLUSIVE', tableName(node.AlterObjectSchemaStmt.relation), 'short', [
      'programs that still use the old name fail after the commit',
    ]);
  if ('CreateTrigStmt' in node)
    return effect('SHARE ROW EXCLUSIVE', tableName(node.CreateTrigStmt.relation), 'short');
  if ('RuleStmt' in node) return effect('ACCESS EXCLUSIVE', tableName(node.RuleStmt.relation), 'short');
  if ('CreatePolicyStmt' in node)
    return effect('ACCESS EXCLUSIVE', tableName(node.CreatePolicyStmt.table), 'short');
  if ('DropStmt' in node) return analyzeDrop(node.DropStmt, soFar);
  if ('TruncateStmt' in node) {
    const table = firstUsed(tableNames(node.TruncateStmt.relations));
    return table === undefined
      ? NO_EFFECT
      : effect('ACCESS EXCLUSIVE', table, 'short', ['deletes its rows permanently']);
  }
  if ('LockStmt' in node) {
    const table = firstUsed(tableNames(node.LockStmt.relations));
    const lock = TABLE_LOCKS[node.LockStmt.mode ?? 8] ?? 'ACCESS EXCLUSIVE';
    return table === undefined ? NO_EFFECT : effect(lock, table, 'long', ['holds the lock until the commit']);
  }
  if ('ReindexStmt' in node)
    return hasOption(node.ReindexStmt.params, 'concurrently')
      ? effect('SHARE UPDATE EXCLUSIVE', undefined, 'nothing', ['waits for older transactions'], true)
      : effect('ACCESS EXCLUSIVE', undefined, 'long', ['rewrites the whole table or index']);
  if ('ClusterStmt' in node || 'RefreshMatViewStmt' in node)
    return effect('ACCESS EXCLUSIVE', undefined, 'long', ['rewrites the whole table or index']);
  if ('VacuumStmt' in node) return analyzeVacuum(node.VacuumStmt);
  if ('VariableSetStmt' in node) {
    const { is_local: isLocal, kind } = node.VariableSetStmt;
    // VAR_SET_MULTI: SET TRANSACTION, which ends with the transaction.
    return isLocal === true || kind === 'VAR_SET_MULTI'
      ? NO_EFFECT
      : effect('none', undefined, 'nothing', [OUTLIVES_FILE]);
  }
  if ('DoStmt' in node) return analyzeBlock(context.sql, soFar, context.parser);
  return Object.keys(node).some((tag) => HARMLESS.has(tag))
    ? NO_EFFECT
    : unknownEffect('the analysis does not know this statement');
}

/** Upper bound of the effect of a statement on other sessions, from its parse tree. */
export function analyzeStatement(sql: string, soFar: FileSoFar, parser: SqlParser): StatementEffect {
  let nodes: Node[];
  try {
    nodes = parser.parse(sql);
  } catch (error) {
    return unknownEffect(
      `PostgreSQL cannot parse it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const found = combine(nodes.map((node) => analyzeNode(node, soFar, { sql, parser })));
  return found.table !== undefined && soFar.created.has(found.table) ? NO_EFFECT : found;
}
