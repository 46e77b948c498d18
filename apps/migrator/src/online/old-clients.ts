import {
  APPLICATION_NAME,
  describeSession,
  MigrationError,
  queryRows,
  sessionSchema,
} from '@timer-platform/migrations';
import type { ClientBase } from 'pg';

/** `application_name` of our own programs. The first service sets none. */
const OWN_APPLICATIONS = [APPLICATION_NAME, 'timer-service', 'timer-platform presence'];

/**
 * Sessions that may still write the old columns. The type of sessions of other roles is hidden without pg_read_all_stats,
 * but only clients have a role: autovacuum and the other processes of the server have none.
 */
const FIND_CLIENTS = `
SELECT pid, usename AS role, application_name AS application, backend_type, state, query,
       extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age_seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
  AND COALESCE(backend_type, 'client backend') = 'client backend'
  AND pid NOT IN (SELECT pid FROM pg_stat_replication)
  AND application_name <> ALL ($2::text[])
  AND NOT EXISTS (SELECT 1 FROM unnest($1::text[]) AS name WHERE starts_with(application_name, name))
ORDER BY backend_start`;

/**
 * @param knownApplications `application_name` of clients that do not use the old columns
 * @throws MigrationError `old-clients`, which lists the sessions
 */
export async function assertNoOldClients(
  client: ClientBase,
  knownApplications: readonly string[],
): Promise<void> {
  const clients = await queryRows(client, sessionSchema, FIND_CLIENTS, [OWN_APPLICATIONS, knownApplications]);
  if (clients.length === 0) return;
  const hidden = clients.filter(({ backend_type: type }) => type === null).length;
  const note =
    hidden === 0
      ? ''
      : `\nThis role does not see what ${hidden} of them do; \`GRANT pg_read_all_stats\` to it shows their type, state and query`;
  throw new MigrationError(
    'old-clients',
    `these sessions may still use the old columns:\n${clients.map((session) => `  ${describeSession(session)}`).join('\n')}${note}\nEnd them, or exclude an application that does not with --known-application <name>`,
  );
}
