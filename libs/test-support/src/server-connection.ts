import pg from 'pg';

/** Replaces the database in the URL of a server. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs SQL on a new connection. A single statement runs outside a transaction block. */
export async function runOnServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'test support' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
