import type { CreateStmt, DropStmt, Node } from 'libpg-query';
import { z } from 'zod';
import { analyzeAlterTable, constraintsOf } from './analyze-alter-table.ts';
import { partsOf, type SqlParser, tableName, tableNames, toSqlName, valuesOf } from './sql-parser.ts';
import {
  combine,
  effect,
  type FileSoFar,
  NOTHING,
  type Rule,
  type StatementEffect,
  TABLE_LOCKS,
  unknown,
} from './statement-effect.ts';

const EACH_ROW: Rule = {
  lock: 'ROW EXCLUSIVE',
  blocks: 'long',
  hazard: 'writers of these rows wait until the commit: backfill in small committed batches instead',
};
const REWRITE: Rule = {
  lock: 'ACCESS EXCLUSIVE',
  blocks: 'long',
  hazard: 'rewrites the whole table or index',
};

/** Rules that need no more than the kind of the statement, by its name in parsenodes.h. */
const RULES = new Map<string, Rule>([
  ['InsertStmt', { lock: 'ROW EXCLUSIVE', blocks: 'nothing', touchesRows: true }],
  ['CreateTrigStmt', { lock: 'SHARE ROW EXCLUSIVE' }],
  ['RuleStmt', { lock: 'ACCESS EXCLUSIVE' }],
  ...['UpdateStmt', 'DeleteStmt', 'MergeStmt'].map((name) => [name, EACH_ROW] as const),
  ...['ClusterStmt', 'ReindexStmt', 'RefreshMatViewStmt', 'VacuumStmt'].map(
    (name) => [name, REWRITE] as const,
  ),
  // Catalog entries, privileges, savepoints.
  ...(
    'SelectStmt CommentStmt ViewStmt CreateTableAsStmt CreateFunctionStmt AlterFunctionStmt CompositeTypeStmt ' +
    'CreateEnumStmt AlterEnumStmt AlterTypeStmt CreateDomainStmt CreateSeqStmt AlterSeqStmt CreateSchemaStmt ' +
    'CreateExtensionStmt CreateRoleStmt AlterRoleStmt AlterOwnerStmt GrantStmt GrantRoleStmt ' +
    'AlterDefaultPrivilegesStmt TransactionStmt ConstraintsSetStmt'
  )
    .split(' ')
    .map((name) => [name, NOTHING] as const),
]);

export const OUTLIVES_FILE = 'stays in effect for later files: use SET LOCAL';

interface Context {
  readonly sql: string;
  readonly parser: SqlParser;
  readonly soFar: FileSoFar;
}

function analyzeCreateTable({ relation, tableElts }: CreateStmt, { created }: FileSoFar): StatementEffect {
  const columns = (tableElts ?? []).flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef] : []));
  const referenced = [tableElts, ...columns.map((column) => column.constraints)]
    .flatMap(constraintsOf)
    .flatMap(({ pktable }) => (pktable === undefined ? [] : [tableName(pktable)]))
    .find((table) => !created.has(table) && table !== tableName(relation));
  if (referenced === undefined) return effect(NOTHING);
  const hazard = `writers of ${referenced} wait until the commit`;
  return effect({ lock: 'SHARE ROW EXCLUSIVE', hazard }, referenced);
}

function analyzeDrop({ objects, removeType, concurrent }: DropStmt): StatementEffect[] {
  const names = (objects ?? []).map((node) => ('List' in node ? partsOf(node.List.items) : []));
  if (removeType === 'OBJECT_INDEX')
    return concurrent === true
      ? [
          effect({
            lock: 'SHARE UPDATE EXCLUSIVE',
            blocks: 'nothing',
            hazard: 'waits for older transactions',
          }),
        ]
      : [effect({ lock: 'ACCESS EXCLUSIVE', hazard: 'queries that use the index become slower' })];
  if (removeType === 'OBJECT_TABLE')
    return names.map((name) =>
      effect({ lock: 'ACCESS EXCLUSIVE', hazard: 'deletes its rows permanently' }, toSqlName(name)),
    );
  return removeType === 'OBJECT_TRIGGER' || removeType === 'OBJECT_RULE' || removeType === 'OBJECT_POLICY'
    ? names.map((name) => effect({ lock: 'ACCESS EXCLUSIVE' }, toSqlName(name.slice(0, -1))))
    : [];
}

const plpgsqlQuery = z.object({ query: z.string(), parseMode: z.literal(0) });

/** Analyzes an anonymous block by the statements in it. Only PL/pgSQL, without EXECUTE, can be analyzed. */
function analyzeBlock({ sql, parser, soFar }: Context): StatementEffect {
  let tree: unknown;
  try {
    tree = parser.parseBlock(sql);
  } catch (error) {
    return unknown(`a DO block that cannot be analyzed: ${String(error)}`);
  }
  if (['dynexecute', 'dynfors'].some((kind) => !valuesOf(tree, `PLpgSQL_stmt_${kind}`).next().done))
    return unknown('contains EXECUTE in a DO block, which cannot be analyzed');
  const queries = Array.from(
    valuesOf(tree, 'PLpgSQL_expr'),
    (found) => plpgsqlQuery.safeParse(found).data?.query,
  );
  const found = combine(
    queries.flatMap((query) => (query === undefined ? [] : [analyzeStatement(query, soFar, parser)])),
  );
  if (found.lock !== 'none')
    return { ...found, hazards: found.hazards.map((hazard) => `in a DO block: ${hazard}`) };
  const hazard = 'reads rows: takes time, but blocks no other session';
  return effect({ ...NOTHING, touchesRows: true, hazard });
}

const relationSchema = z.object({
  relation: z.object({ schemaname: z.string().optional(), relname: z.string() }).optional(),
});

/** The effects of a statement on each of its tables. */
function analyzeNode(node: Node, context: Context): StatementEffect[] {
  if ('CreateStmt' in node) return [analyzeCreateTable(node.CreateStmt, context.soFar)];
  if ('AlterTableStmt' in node) return [analyzeAlterTable(node.AlterTableStmt, context.soFar)];
  if ('DropStmt' in node) return analyzeDrop(node.DropStmt);
  if ('DoStmt' in node) return [analyzeBlock(context)];
  if ('IndexStmt' in node && node.IndexStmt.concurrent === true) {
    const hazard = 'reads the table twice and waits for older transactions';
    const rule: Rule = { lock: 'SHARE UPDATE EXCLUSIVE', blocks: 'nothing', touchesRows: true, hazard };
    return [effect(rule, tableName(node.IndexStmt.relation))];
  }
  if ('IndexStmt' in node) {
    const hazard =
      'writers wait while the index is built: use CREATE INDEX CONCURRENTLY in its own file with the first line -- no-transaction';
    return [effect({ lock: 'SHARE', blocks: 'long', hazard }, tableName(node.IndexStmt.relation))];
  }
  if ('RenameStmt' in node) {
    const { relation } = node.RenameStmt;
    const hazard = 'programs that still use the old name fail after the commit';
    return relation === undefined ? [] : [effect({ lock: 'ACCESS EXCLUSIVE', hazard }, tableName(relation))];
  }
  if ('TruncateStmt' in node) {
    const rule: Rule = { lock: 'ACCESS EXCLUSIVE', hazard: 'deletes its rows permanently' };
    return tableNames(node.TruncateStmt.relations).map((table) => effect(rule, table));
  }
  if ('LockStmt' in node) {
    const lock = TABLE_LOCKS[node.LockStmt.mode ?? -1] ?? 'ACCESS EXCLUSIVE';
    const rule: Rule = { lock, blocks: 'long', hazard: 'holds the lock until the commit' };
    return tableNames(node.LockStmt.relations).map((table) => effect(rule, table));
  }
  if ('VariableSetStmt' in node) {
    // VAR_SET_MULTI: SET TRANSACTION, which ends with the transaction.
    const endsWithFile =
      node.VariableSetStmt.is_local === true || node.VariableSetStmt.kind === 'VAR_SET_MULTI';
    return [effect(endsWithFile ? NOTHING : { ...NOTHING, hazard: OUTLIVES_FILE })];
  }
  return analyzeByName(node);
}

function analyzeByName(node: object): StatementEffect[] {
  const [[name, body] = ['', undefined]]: [string, unknown][] = Object.entries(node);
  const rule = RULES.get(name);
  if (rule === undefined) return [unknown('the analysis does not know this statement')];
  const relation = relationSchema.safeParse(body).data?.relation;
  // Statements of a WITH clause may write.
  const ctes = Array.from(valuesOf(body, 'ctequery')).filter(
    (query) => typeof query === 'object' && query !== null,
  );
  return [
    effect(rule, relation === undefined ? undefined : tableName(relation)),
    ...ctes.flatMap(analyzeByName),
  ];
}

/** Upper bound of the effect of a statement on other sessions, from its parse tree. */
export function analyzeStatement(sql: string, soFar: FileSoFar, parser: SqlParser): StatementEffect {
  let nodes: Node[];
  try {
    nodes = parser.parse(sql);
  } catch (error) {
    return unknown(`PostgreSQL cannot parse it: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = nodes.flatMap((node) => analyzeNode(node, { sql, parser, soFar }));
  return combine(found.filter(({ table }) => table === undefined || !soFar.created.has(table)));
}
