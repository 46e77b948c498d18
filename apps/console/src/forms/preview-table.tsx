import { Badge } from '../components/status-badge.tsx';
import { clockChange, type PreviewRow, previewRows, shiftText, type ZoneCell } from './preview-rows.ts';
import styles from './preview-table.module.css';
import type { Preview } from './use-schedule-preview.ts';
import { useTwoZones } from './use-two-zones.ts';

/** The next occurrences, on the clocks of two zones, with what changes of the clocks do to them. */
export function PreviewTable({
  data,
  zone,
  stale,
}: {
  readonly data: NonNullable<Preview['data']>;
  readonly zone: string;
  readonly stale: boolean;
}) {
  const zones = useTwoZones(zone);
  const rows = previewRows(data.preview.occurrences, data.from, zones);
  if (rows.length === 0) return <p className="muted">It has no further occurrence.</p>;
  return (
    <div className={styles.scroller} role="region" aria-label="Next occurrences" tabIndex={0}>
      <table className={styles.table} data-stale={stale ? '' : undefined}>
        <caption className="visually-hidden">Next occurrences in {zones.join(' and in ')}</caption>
        <thead>
          <tr>
            {zones.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <OccurrenceRow key={row.at} row={row} zones={zones} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OccurrenceRow({ row, zones }: { readonly row: PreviewRow; readonly zones: readonly string[] }) {
  return (
    <tr>
      {row.cells.map((cell, index) => (
        <td key={zones[index]}>
          <time dateTime={row.at}>
            {(index === 0 || cell.date !== row.cells[0]?.date) && <span className="muted">{cell.date} </span>}
            {cell.time}
          </time>{' '}
          <span className={styles.offset} data-moved={cell.moved === 0 ? undefined : ''}>
            {cell.offset}
          </span>
          <Marks cell={cell} shifted={index === 0 ? row.shifted : null} />
        </td>
      ))}
    </tr>
  );
}

function Marks({ cell, shifted }: { readonly cell: ZoneCell; readonly shifted: PreviewRow['shifted'] }) {
  if (shifted === null && cell.moved === 0) return null;
  return (
    <div className={styles.marks}>
      {cell.moved !== 0 && (
        <Badge tone="warn" sign="◷">
          {clockChange(cell.moved)}
        </Badge>
      )}
      {shifted !== null && (
        <Badge tone="warn">
          <abbr title={shiftText(shifted)}>
            {shifted === 'gap' ? 'moved out of the gap' : 'comes twice: first pass'}
          </abbr>
          <span className="visually-hidden">. {shiftText(shifted)}</span>
        </Badge>
      )}
    </div>
  );
}
