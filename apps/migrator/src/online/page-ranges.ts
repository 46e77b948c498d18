/**
 * Every range of pages is filled in so many batches, each of which takes every eighth row. A row grows by its new shape and
 * does not fit into a full page: it moves, with a new entry in each index. The batches after the first find the room that
 * the moved rows have left, and most of their rows stay in their page, without an entry in any index (a heap-only tuple).
 */
export const TURNS = 8;

export interface PageRange {
  /** The first page. */
  readonly from: number;
  /** The page after the last one. */
  readonly to: number;
  /** From 0. */
  readonly turn: number;
  /** The last turn takes all rows that are left. */
  readonly isLastTurn: boolean;
  /** For so many rows in each turn. */
  readonly batchRows: number;
}

export interface TableSize {
  readonly pages: number;
  readonly rows: number;
}

/** The first turn of the range at this page, as long as `batchRows` rows a turn need; undefined behind the last page. Pure. */
export function firstRange(
  { pages, rows }: TableSize,
  from: number,
  batchRows: number,
): PageRange | undefined {
  if (from >= pages) return undefined;
  const length = Math.max(Math.round((batchRows * TURNS * pages) / Math.max(rows, 1)), 1);
  return { from, to: Math.min(from + length, pages), turn: 0, isLastTurn: false, batchRows };
}

/** The next turn, or the first one of the next range. Pure. */
export function nextRange(table: TableSize, range: PageRange, batchRows: number): PageRange | undefined {
  if (range.isLastTurn) return firstRange(table, range.to, batchRows);
  const turn = range.turn + 1;
  return { ...range, turn, isLastTurn: turn === TURNS - 1 };
}
