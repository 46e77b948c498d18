/** Strongest lock of a statement on a table that exists already (PostgreSQL manual, 13.3.1). Weakest first. */
export const TABLE_LOCKS = [
  'none',
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;
export type TableLock = (typeof TABLE_LOCKS)[number];

/** Effect of a statement on other sessions of a live database. */
export interface StatementEffect {
  readonly lock: TableLock;
  /** As SQL: quoted where it must be. */
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

export const NO_EFFECT = effect('none', undefined, 'nothing');

export function unknownEffect(why: string): StatementEffect {
  return effect('ACCESS EXCLUSIVE', undefined, 'long', [why]);
}

/** The effect of several statements that run as one: the strongest of each. */
export function combine(effects: readonly StatementEffect[]): StatementEffect {
  const [strongest = NO_EFFECT] = effects.toSorted(
    (a, b) => TABLE_LOCKS.indexOf(b.lock) - TABLE_LOCKS.indexOf(a.lock),
  );
  const blocks = (['long', 'short'] as const).find((each) => effects.some((one) => one.blocks === each));
  return {
    lock: strongest.lock,
    table: strongest.table,
    blocks: blocks ?? 'nothing',
    touchesRows: effects.some((one) => one.touchesRows),
    hazards: [...new Set(effects.flatMap((one) => one.hazards))],
  };
}
