/** Strongest lock of a statement on a table that exists already (PostgreSQL manual, 13.3.1). */
export type TableLock =
  'none' | 'ROW EXCLUSIVE' | 'SHARE UPDATE EXCLUSIVE' | 'SHARE' | 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE';

/** Effect of a statement on other sessions of a live database. */
export interface StatementEffect {
  readonly lock: TableLock;
  readonly table: string | undefined;
  /** long: other sessions wait for a time that grows with the table. */
  readonly blocks: 'nothing' | 'short' | 'long';
  /** Whether it reads or writes every row. */
  readonly touchesRows: boolean;
  readonly hazards: readonly string[];
}

/** Effects of the earlier statements of the same file. */
export interface FileSoFar {
  /** Tables created by the file: no other session uses them. */
  readonly created: ReadonlySet<string>;
  /** Tables that the file holds under ACCESS EXCLUSIVE until its commit. */
  readonly locked: ReadonlySet<string>;
}

export function effect(
  lock: TableLock,
  table: string | undefined,
  blocks: StatementEffect['blocks'],
  hazards: readonly string[] = [],
  touchesRows: boolean = blocks === 'long',
): StatementEffect {
  return { lock, table, blocks, hazards, touchesRows };
}
