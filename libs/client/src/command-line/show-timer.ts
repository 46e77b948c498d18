import type { Attempt, Timer, TimerSummary } from '@timer-platform/callback-types';
import type { Output } from './output.ts';
import type { Cell, Color } from './table.ts';

const COLORS: Readonly<Record<string, Color>> = {
  pending: 'yellow',
  executing: 'yellow',
  completed: 'green',
  delivered: 'green',
  failed: 'red',
  canceled: 'dim',
};

/** A field as people read it: text as it is, everything else as JSON, nothing as a dash. */
function display(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function cell(value: unknown): Cell {
  return { text: display(value), color: typeof value === 'string' ? COLORS[value] : undefined };
}

const SUMMARY = ['ID', 'STATUS', 'TYPE', 'EXECUTE AT', 'EXECUTED AT'];

export function summaryTable(output: Output, timers: readonly TimerSummary[]): string[] {
  const rows = timers.map(({ id, status, callback_type, execute_at, executed_at }) =>
    [id, status, callback_type, execute_at, executed_at].map(cell),
  );
  return output.table(SUMMARY, rows);
}

/** All fields, one per line, whatever a later service adds. */
export function fieldTable(output: Output, item: object): string[] {
  return output.table(
    ['FIELD', 'VALUE'],
    Object.entries(item).map(([name, value]) => [{ text: name }, cell(value)]),
  );
}

const ATTEMPTS = ['NUMBER', 'STARTED AT', 'DURATION', 'OUTCOME', 'STATUS', 'ERROR'];

export function attemptTable(output: Output, attempts: readonly Attempt[]): string[] {
  const rows = attempts.map(({ number, started_at, duration_ms, outcome, status_code, error }) =>
    [number, started_at, `${duration_ms} ms`, outcome, status_code, error].map(cell),
  );
  return output.table(ATTEMPTS, rows);
}

/** One line of `tail`: when and how a timer has finished. */
export function finishedLine(output: Output, timer: Timer): string {
  const { executed_at, id, status, callback_type, attempts, lateness_ms, last_error } = timer;
  const late = lateness_ms === null ? '-' : `+${Math.round(lateness_ms)} ms`;
  const fields = [
    executed_at,
    id,
    status,
    callback_type,
    `${attempts} attempts`,
    late,
    status === 'failed' ? last_error : '',
  ];
  return output.row(fields.map(cell));
}
