import { randomUUID } from 'node:crypto';
import { acquireLease, connect } from '@timer-platform/database';
import { claimAnyDue, settleBatch } from '../database/claim-and-settle.ts';

/**
 * Replaces pgbench where that is not installed: runs the statements of the service in a loop.
 * Arguments: the URL of the database, rows per batch, clients.
 */
const [, , url = '', batchText, clientsText] = process.argv;
const clients = Number(clientsText);

const db = connect({
  url,
  applicationName: 'bench',
  poolSize: clients,
  byIndexOnly: true,
  onIdleError: (error) => {
    throw error;
  },
});
const dispatcherId = randomUUID();
await acquireLease(db, dispatcherId, 'bench');

async function drain(): Promise<number> {
  let settled = 0;
  for (;;) {
    const rows = await claimAnyDue(db, dispatcherId, Number(batchText));
    if (rows.length === 0) return settled;
    await settleBatch(db, dispatcherId, rows);
    settled += rows.length;
  }
}

const startedMs = performance.now();
const counts = await Promise.all(Array.from({ length: clients }, drain));
const rows = counts.reduce((sum, count) => sum + count, 0);
process.send?.({ perSecond: (rows * 1_000) / (performance.now() - startedMs) });
await db.close();
process.on('disconnect', () => process.exit(0));
