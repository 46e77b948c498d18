import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createMigratedDatabase } from './migrated-database.ts';

/** Connects as a client that the contract does not count as one of the first service. */
async function connect(url: string): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: url, application_name: 'timer-service test' });
  connected.on('error', () => undefined);
  await connected.connect();
  return connected;
}

/** The URL for another role of the same server. */
function urlFor(url: string, role: string, password: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = password;
  return changed.href;
}

/** A database at version 1, as the first service left it. */
export interface FirstServiceDatabase {
  readonly url: string;
  readonly client: pg.Client;
  /** Creates a role that {@link close} drops, with `options` of CREATE ROLE. Returns its name and the URL to log in. */
  createRole(options?: string): Promise<{ readonly name: string; readonly url: string }>;
  /** Opens a connection that {@link close} closes; by default as the owner of the database. */
  connect(url?: string): Promise<pg.Client>;
  close(): Promise<void>;
}

/** @param rows timers with the callback https://example.com/1, 2, 3, … */
export async function openFirstServiceDatabase(rows: number): Promise<FirstServiceDatabase> {
  const database = await createMigratedDatabase(1);
  const client = await connect(database.url);
  const roles: string[] = [];
  const connections: pg.Client[] = [];
  await client.query(
    `INSERT INTO timers (created_at, updated_at, execute_at, callback_url, callback_headers, callback_payload)
     SELECT '2024-01-01', '2024-01-02', '2024-02-01', 'https://example.com/' || i, '{"a": "b"}', '{"amount": 1.0}'
     FROM generate_series(1, $1) AS i`,
    [rows],
  );
  return {
    url: database.url,
    client,
    createRole: async (options = '') => {
      const name = `timer_role_${randomBytes(6).toString('hex')}`;
      const password = randomBytes(12).toString('hex');
      await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${options}`);
      roles.push(name);
      return { name, url: urlFor(database.url, name, password) };
    },
    connect: async (url = database.url) => {
      const connection = await connect(url);
      connections.push(connection);
      return connection;
    },
    close: async () => {
      for (const connection of connections) await connection.end();
      for (const role of roles) {
        await client.query(`DROP OWNED BY ${role} CASCADE`);
        await client.query(`DROP ROLE ${role}`);
      }
      await client.end();
      await database.drop();
    },
  };
}
