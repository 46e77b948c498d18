import pg from 'pg';

/** The same server with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs SQL on a connection of its own, outside of any transaction block when it is a single statement. */
export async function runOnServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'test support' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
