import {
  APPLICATION_NAME,
  type BlockingSession,
  describeSession,
  MigrationError,
  type MigrationSession,
  queryRows,
  sessionSchema,
} from '@timer-platform/migrations';

/** `application_name` of our own programs. The first service sets none. */
const OWN_APPLICATIONS = [APPLICATION_NAME, 'timer-service', 'timer-platform presence'];

/** Includes sessions of other roles whose type is hidden: they may be clients. */
const FIND_OTHER_SESSIONS = `
SELECT pid, usename AS role, application_name AS application, backend_type, state, query,
       extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age_seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND COALESCE(backend_type, 'client backend') = 'client backend'
  AND NOT EXISTS (SELECT 1 FROM unnest($1::text[]) AS name WHERE starts_with(application_name, name))
ORDER BY backend_start`;

/** Sessions that may still write the old columns: all except ours and the applications named by the operator. */
async function findOldClients(
  session: MigrationSession,
  knownApplications: readonly string[],
): Promise<BlockingSession[]> {
  return queryRows(session.client, sessionSchema, FIND_OTHER_SESSIONS, [
    [...OWN_APPLICATIONS, ...knownApplications],
  ]);
}

/** @throws MigrationError `old-clients`, which lists the sessions */
export async function assertNoOldClients(
  session: MigrationSession,
  knownApplications: readonly string[],
): Promise<void> {
  const clients = await findOldClients(session, knownApplications);
  if (clients.length === 0) return;
  throw new MigrationError(
    'old-clients',
    `these sessions may still use the old columns:\n${clients.map((client) => `  ${describeSession(client)}`).join('\n')}\nEnd them, or exclude an application that does not with --known-application <name>`,
  );
}
