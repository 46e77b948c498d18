import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOnServer, withDatabase } from './server-connection.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../migrations/', import.meta.url));

/**
 * Runs every file of migrations/, each as one query. Does not use libs/migrations, whose tests depend on this library.
 */
async function applyMigrations(url: string): Promise<void> {
  const files = (await readdir(MIGRATIONS)).filter((name) => /^\d{3}_.*\.sql$/.test(name)).sort();
  for (const file of files) await runOnServer(url, await readFile(path.join(MIGRATIONS, file), 'utf8'));
}

/**
 * Creates a database with the newest schema and without a ledger, as a template for `CREATE DATABASE`. Returns its name.
 */
export async function createTemplateDatabase(url: string): Promise<string> {
  const template = `timer_template_${randomBytes(6).toString('hex')}`;
  await runOnServer(url, `CREATE DATABASE ${template} TEMPLATE template0`);
  try {
    await applyMigrations(withDatabase(url, template));
    // PostgreSQL cannot copy a template that has a connection, and autovacuum counts.
    await runOnServer(url, `ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
    return template;
  } catch (error) {
    await runOnServer(url, `DROP DATABASE ${template} WITH (FORCE)`);
    throw error;
  }
}
