import pg from 'pg';

/**
 * Runs multi-row INSERTs into the timers table, without HTTP. Arguments: the URL of the database, rows per statement,
 * connections, seconds.
 */
const [, , connectionString, rowsText, connectionsText, secondsText] = process.argv;
const rows = Number(rowsText);
const connections = Number(connectionsText);
const pool = new pg.Pool({ connectionString, max: connections });

const executeAt = new Date(Date.now() + 86_400_000).toISOString();
const callback = { type: 'http', url: 'http://127.0.0.1/callback', payload: { n: 1, text: 'x'.repeat(100) } };
const values = Array.from({ length: rows }, () => [executeAt, 'http', callback]).flat();
const tuples = Array.from({ length: rows }, (_, i) => `($${3 * i + 1}, $${3 * i + 2}, $${3 * i + 3})`);
const text = `INSERT INTO timers (execute_at, callback_type, callback_config) VALUES ${tuples.join(', ')} RETURNING id`;

const startedMs = performance.now();
const endMs = startedMs + Number(secondsText) * 1_000;
let inserted = 0;
async function insert(): Promise<void> {
  while (performance.now() < endMs) {
    await pool.query({ name: 'insert', text, values });
    inserted += rows;
  }
}
await Promise.all(Array.from({ length: connections }, insert));
process.send?.({ perSecond: (inserted * 1_000) / (performance.now() - startedMs) });
await pool.end();
process.on('disconnect', () => process.exit(0));
