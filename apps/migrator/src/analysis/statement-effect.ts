/** Strongest table lock of a statement on a table that was there before (PostgreSQL manual, 13.3.1). */
export type TableLock =
  'none' | 'ROW EXCLUSIVE' | 'SHARE UPDATE EXCLUSIVE' | 'SHARE' | 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE';

/** What a statement means for the others on a live database. */
export interface StatementEffect {
  readonly lock: TableLock;
  readonly table: string | undefined;
  /** long: others wait for a time that grows with the table. */
  readonly blocks: 'nothing' | 'short' | 'long';
  /** Whether rows are read or written, one by one. */
  readonly touchesRows: boolean;
  readonly hazards: readonly string[];
}

/** What the statements before it in the same file have done. */
export interface FileSoFar {
  /** Tables made by the file: nobody waits for them. */
  readonly created: ReadonlySet<string>;
  /** Tables that the file has locked against everybody, up to its commit. */
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
