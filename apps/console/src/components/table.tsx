import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './table.module.css';

export interface Column<Row> {
  readonly key: string;
  readonly header: ReactNode;
  /** Beside the cell on phones, where rows are cards; by default the header if that is a text. */
  readonly label?: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  readonly align?: 'start' | 'end';
  /** Left out where the page is narrow. */
  readonly optional?: boolean;
  /** Takes the rest of the width, and long text is cut; on phones the heading of the card. */
  readonly grow?: boolean;
}

interface TableProps<Row> {
  /** What the table lists; read aloud, not shown. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Shown in place of rows. */
  readonly empty?: ReactNode;
  /** Fades the rows while others are loaded. */
  readonly stale?: boolean;
  /** Marks rows that are selected; a checkbox in the row says so too. */
  readonly isSelected?: (row: Row) => boolean;
  /** On phones: a card for each row, or rows as elsewhere for long lists with few columns. */
  readonly onPhone?: 'cards' | 'rows';
}

/**
 * A table; on phones each row is a card, and the roles say that it is a table still. Its rows `j` and `k` walk through: give the
 * link that opens a row the attribute `data-row-link`.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  empty,
  stale,
  isSelected,
  onPhone = 'cards',
}: TableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return empty;
  const classOf = ({ align, optional, grow }: Column<Row>) =>
    classNames(
      align === 'end' && styles.end,
      optional === true && styles.optional,
      grow === true && styles.grow,
    );
  return (
    // Tables may be wider than a phone; what scrolls must take the focus to be scrolled by keys.
    <div
      className={classNames(styles.scroller, styles[onPhone])}
      role="region"
      aria-label={caption}
      tabIndex={0}
    >
      <table role="table" className={classNames(styles.table, stale === true && styles.stale)}>
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.key} role="columnheader" scope="col" className={classOf(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row" data-selected={isSelected?.(row) === true ? '' : undefined}>
              {columns.map((column) => (
                <td key={column.key} role="cell" data-label={labelOf(column)} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function labelOf<Row>({ label, header }: Column<Row>): string | undefined {
  return label ?? (typeof header === 'string' ? header : undefined);
}
