/** Strongest lock of a statement on a table that exists already (PostgreSQL manual, 13.3.1). Weakest first. */
export const TABLE_LOCKS = [
  ...(['none', 'ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE'] as const),
  ...(['SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'] as const),
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

/** What a rule says about a statement, without its table. */
export interface Rule {
  readonly lock: TableLock;
  /** By default short. */
  readonly blocks?: StatementEffect['blocks'];
  /** By default whether it blocks for long. */
  readonly touchesRows?: boolean;
  readonly hazard?: string;
}

export function effect(
  { lock, blocks = 'short', touchesRows, hazard }: Rule,
  table?: string,
): StatementEffect {
  const hazards = hazard === undefined ? [] : [hazard];
  return { lock, table, blocks, hazards, touchesRows: touchesRows ?? blocks === 'long' };
}

export const NOTHING: Rule = { lock: 'none', blocks: 'nothing' };

export function unknown(hazard: string): StatementEffect {
  return effect({ lock: 'ACCESS EXCLUSIVE', blocks: 'long', hazard });
}

/** The effect of several statements that run as one: the strongest of each. */
export function combine(effects: readonly StatementEffect[]): StatementEffect {
  const strength = ({ lock }: StatementEffect): number => TABLE_LOCKS.indexOf(lock);
  const [strongest = effect(NOTHING)] = effects.toSorted((a, b) => strength(b) - strength(a));
  const blocks = (['long', 'short'] as const).find((each) => effects.some((one) => one.blocks === each));
  return {
    ...strongest,
    blocks: blocks ?? 'nothing',
    touchesRows: effects.some((one) => one.touchesRows),
    hazards: [...new Set(effects.flatMap(({ hazards }) => hazards))],
  };
}
