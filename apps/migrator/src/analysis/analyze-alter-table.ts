import type { AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, Constraint, Node } from 'libpg-query';
import { partsOf, tableName, valuesOf } from './sql-parser.ts';
import {
  combine,
  effect,
  type FileSoFar,
  NOTHING,
  type Rule,
  type StatementEffect,
} from './statement-effect.ts';

const short: Rule = { lock: 'ACCESS EXCLUSIVE' };
const long = (hazard: string): Rule => ({ lock: 'ACCESS EXCLUSIVE', blocks: 'long', hazard });
const unblocking: Rule = { lock: 'SHARE UPDATE EXCLUSIVE', blocks: 'nothing' };

const ADD_VALID = 'reads every row under the lock: add it NOT VALID and VALIDATE it in the next file';
const PROVE_NOT_NULL = 'reads every row under the lock, unless a validated CHECK (… IS NOT NULL) proves it';
const BUILDS_INDEX =
  'builds an index under the lock: build it CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX';

/** Locks as in AlterTableGetLockLevel (src/backend/commands/tablecmds.c). ADD COLUMN and ADD CONSTRAINT depend on more. */
const ACTIONS: readonly (readonly [Rule, readonly AlterTableType[]])[] = [
  [
    { ...unblocking, touchesRows: true, hazard: 'reads every row without blocking readers or writers' },
    ['AT_ValidateConstraint'],
  ],
  [unblocking, ['AT_SetStatistics', 'AT_SetOptions', 'AT_ResetOptions', 'AT_ClusterOn', 'AT_DropCluster']],
  [unblocking, ['AT_SetRelOptions', 'AT_ResetRelOptions']],
  [
    { lock: 'SHARE ROW EXCLUSIVE' },
    ['AT_EnableTrig', 'AT_EnableAlwaysTrig', 'AT_EnableReplicaTrig', 'AT_EnableTrigAll', 'AT_EnableTrigUser'],
  ],
  [{ lock: 'SHARE ROW EXCLUSIVE' }, ['AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser']],
  [long('usually rewrites every row and rebuilds every index under the lock'), ['AT_AlterColumnType']],
  [long(PROVE_NOT_NULL), ['AT_SetNotNull']],
  [
    long('rewrites the whole table under the lock'),
    ['AT_SetLogged', 'AT_SetUnLogged', 'AT_SetTableSpace', 'AT_SetAccessMethod', 'AT_SetExpression'],
  ],
  [{ ...short, hazard: 'programs that still use the column fail after the commit' }, ['AT_DropColumn']],
  [short, ['AT_ColumnDefault', 'AT_DropNotNull', 'AT_DropConstraint', 'AT_SetStorage', 'AT_SetCompression']],
  [short, ['AT_ChangeOwner', 'AT_ReplicaIdentity', 'AT_AddInherit', 'AT_DropInherit', 'AT_DropExpression']],
  [short, ['AT_AddIdentity', 'AT_SetIdentity', 'AT_DropIdentity']],
  [short, ['AT_EnableRule', 'AT_EnableAlwaysRule', 'AT_EnableReplicaRule', 'AT_DisableRule']],
  [short, ['AT_EnableRowSecurity', 'AT_DisableRowSecurity', 'AT_ForceRowSecurity', 'AT_NoForceRowSecurity']],
];
const ACTION_OF = new Map(ACTIONS.flatMap(([action, types]) => types.map((type) => [type, action] as const)));

function analyzeConstraint(constraint: Constraint): Rule {
  if (constraint.indexname !== undefined) return short;
  const proven = constraint.skip_validation === true || constraint.is_enforced === false;
  if (constraint.contype === 'CONSTR_FOREIGN')
    return { ...(proven ? short : long(ADD_VALID)), lock: 'SHARE ROW EXCLUSIVE' };
  if (constraint.contype === 'CONSTR_CHECK') return proven ? short : long(ADD_VALID);
  if (constraint.contype === 'CONSTR_NOTNULL') return proven ? short : long(PROVE_NOT_NULL);
  return long(BUILDS_INDEX);
}

export function constraintsOf(nodes: readonly Node[] | undefined): Constraint[] {
  return (nodes ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/** Default functions that PostgreSQL evaluates once for all rows; any other function call rewrites every row. */
const STABLE_FUNCTIONS = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);
const SERIAL_TYPES = new Set(['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8']);

function callsUnstableFunction(expression: Node | undefined): boolean {
  const names = Array.from(valuesOf(expression, 'funcname'), (name) => partsOf(name).at(-1) ?? '');
  return names.some((name) => !STABLE_FUNCTIONS.has(name));
}

function analyzeAddColumn(column: ColumnDef): Rule {
  const constraints = constraintsOf(column.constraints);
  const has = (...types: readonly Constraint['contype'][]): boolean =>
    constraints.some(({ contype }) => types.includes(contype));
  const isStored = constraints.some(
    ({ contype, generated_kind: kind }) => contype === 'CONSTR_GENERATED' && kind !== 'v',
  );
  if (isStored || has('CONSTR_IDENTITY') || SERIAL_TYPES.has(partsOf(column.typeName?.names).at(-1) ?? ''))
    return long('rewrites every row under the lock');
  if (has('CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY'))
    return long('reads every row or builds an index under the lock: add the bare column first');
  const fallback = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  if (callsUnstableFunction(fallback))
    return long('the default is a function call: unless it is stable, every row is rewritten under the lock');
  if (has('CONSTR_NOTNULL') && fallback === undefined)
    return { ...short, hazard: 'fails when the table has rows: NOT NULL needs a default' };
  return short;
}

function analyzeAction({ subtype, def }: AlterTableCmd): Rule {
  if (subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def)
    return analyzeAddColumn(def.ColumnDef);
  if (subtype === 'AT_AddConstraint' && def !== undefined && 'Constraint' in def)
    return analyzeConstraint(def.Constraint);
  const known = subtype === undefined ? undefined : ACTION_OF.get(subtype);
  return known ?? long('the analysis does not know this action');
}

/** Combines the actions: the strongest lock; long if any action is long. */
export function analyzeAlterTable(statement: AlterTableStmt, soFar: FileSoFar): StatementEffect {
  // Views, sequences and types: only the catalog.
  if (statement.objtype !== 'OBJECT_TABLE' && statement.objtype !== 'OBJECT_INDEX') return effect(NOTHING);
  const table = tableName(statement.relation);
  const actions = (statement.cmds ?? []).flatMap((node) =>
    'AlterTableCmd' in node ? [node.AlterTableCmd] : [],
  );
  if (actions.some(({ subtype }) => subtype === 'AT_ValidateConstraint') && soFar.locked.has(table)) {
    const why = 'an earlier statement of this file holds ACCESS EXCLUSIVE until the commit';
    return effect(long(`${why}: VALIDATE in the next file`), table);
  }
  return combine(actions.map((action) => effect(analyzeAction(action), table)));
}
