import { formatNumber, formatTable } from '../report/table.ts';
import type { LargeTableOptions, LargeTableResult } from './large-table.ts';

/** The longest wait of a client that the online migration may cause. */
const MAX_WAIT_MS = 250;
/** What the replica may be behind beyond the limit: a batch and what the clients write while it is replayed. */
const MAX_LAG_OVER_LIMIT_MIB = 32;

const MIB = 1024 ** 2;
const seconds = (ms: number): string => formatNumber(ms / 1000, 1);
const mebibytes = (bytes: number): string => formatNumber(bytes / MIB);

/** Tables of the steps, the clients and the bytes. */
export function formatLargeTable(result: LargeTableResult): string {
  const { steps, clients, clientsBefore, longestWaitIn } = result;
  const stepTable = formatTable(
    ['step', 's', 'WAL, MiB', 'replica behind, MiB'],
    [
      ...steps.map(({ step, ms, walBytes, longestLagBytes }) => [
        step,
        seconds(ms),
        mebibytes(walBytes),
        mebibytes(longestLagBytes),
      ]),
      ['contract', seconds(result.contractMs), '', ''],
    ],
  );
  const clientTable = formatTable(
    ['client', 'operations', 'failed', 'longest wait, ms', 'during', 'in the minute before, ms'],
    (['reader', 'updater', 'inserter'] as const).map((name) => [
      name,
      formatNumber(clients[name].operations),
      formatNumber(clients[name].failures),
      formatNumber(clients[name].longestWaitMs),
      longestWaitIn[name] ?? 'before the first step',
      formatNumber(clientsBefore[name].longestWaitMs),
    ]),
  );
  const bytes = formatTable(
    ['', 'MiB'],
    [
      ['WAL', mebibytes(result.walBytes)],
      ['written in all', mebibytes(result.writtenBytes)],
      ['timers before', mebibytes(result.sizeBefore)],
      ['timers after', mebibytes(result.sizeAfter)],
    ],
  );
  return [stepTable, clientTable, bytes, `filling the table took ${seconds(result.fillMs)} s`].join('\n\n');
}

/** Describes the violated guarantees; empty if there are none. */
export function findLargeTableViolations(
  { steps, clients, changedTimestamps, callbacksKept }: LargeTableResult,
  { replica }: LargeTableOptions,
): string[] {
  const violations: string[] = [];
  for (const [name, { failures, firstFailure, longestWaitMs }] of Object.entries(clients)) {
    if (failures > 0) violations.push(`${failures} operations of the ${name} failed: ${firstFailure ?? ''}`);
    if (longestWaitMs >= MAX_WAIT_MS) violations.push(`the ${name} waited ${longestWaitMs.toFixed(0)} ms`);
  }
  const backfill = steps.find(({ step }) => step === 'backfill');
  const lagMib = (backfill?.longestLagBytes ?? Number.NaN) / MIB;
  if (replica !== undefined && !(lagMib <= replica.maxLagMib + MAX_LAG_OVER_LIMIT_MIB))
    violations.push(
      `the replica was ${lagMib.toFixed(0)} MiB behind, with a limit of ${replica.maxLagMib} MiB`,
    );
  if (changedTimestamps > 0)
    violations.push(`updated_at changed on ${changedTimestamps} rows that no client wrote`);
  if (!callbacksKept) violations.push('callbacks were lost or changed');
  return violations;
}
