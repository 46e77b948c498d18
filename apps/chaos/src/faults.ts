import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import type { NatsServer } from '@timer-platform/test-support';
import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';
import type { HttpSink } from './receivers.ts';
import type { Disturbance } from './verdict.ts';

/** Everything that can be broken. */
export interface Victims {
  readonly fleet: Fleet;
  /** A connection of the run's own, not one of the services'. */
  readonly db: Database;
  readonly nats: NatsServer;
  readonly http: HttpSink;
  readonly random: Random;
}

export type FaultName =
  | 'kill a service'
  | 'freeze a service'
  | 'restart PostgreSQL'
  | 'kill PostgreSQL'
  | 'cut the connections to PostgreSQL'
  | 'block the table'
  | 'restart NATS'
  | 'hang the receiver';

const FROZEN_MS = 20_000;
const BLOCKED_SECONDS = 5;
const HANGING_MS = 5_000;
const POLL_MS = 50;

/** Tries again until the database answers. */
export async function patiently<Row extends Record<string, unknown>>(
  db: Database,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  for (;;) {
    try {
      return await db.rows<Row>({ name: '', text }, values);
    } catch {
      await delay(POLL_MS);
    }
  }
}

async function postmasterPid(db: Database): Promise<number> {
  const rows = await patiently<{ pid: number }>(
    db,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer AS pid`,
  );
  const pid = rows[0]?.pid;
  if (pid === undefined || pid <= 1) throw new Error('the process id of PostgreSQL is not known');
  return pid;
}

/** Ends the server by a signal; whoever opened it starts it again. Resolves when another one answers. */
async function endPostgres({ db }: Victims, signal: NodeJS.Signals): Promise<void> {
  const pid = await postmasterPid(db);
  process.kill(pid, signal);
  while ((await postmasterPid(db)) === pid) await delay(POLL_MS);
}

interface Fault {
  readonly outage: Disturbance['outage'];
  /** Breaks something, and mends it; what it returns mends what may take its time. */
  readonly run: (victims: Victims) => Promise<(() => Promise<void>) | undefined>;
}

const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'kill a service': {
    outage: 'none',
    run: async ({ fleet, random }) => {
      await fleet.spare()?.kill();
      return async () => {
        await delay(random.between(0, 3_000));
        await fleet.add();
      };
    },
  },
  'freeze a service': {
    outage: 'none',
    run: async ({ fleet }) => {
      const service = fleet.spare();
      service?.freeze();
      await delay(FROZEN_MS);
      service?.thaw();
      return undefined;
    },
  },
  'restart PostgreSQL': {
    outage: 'all',
    run: async (victims) => {
      await endPostgres(victims, 'SIGINT');
      return undefined;
    },
  },
  'kill PostgreSQL': {
    outage: 'all',
    run: async (victims) => {
      await endPostgres(victims, 'SIGKILL');
      return undefined;
    },
  },
  'cut the connections to PostgreSQL': {
    outage: 'all',
    run: async ({ db }) => {
      await patiently(
        db,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'timer-service%'`,
      );
      return undefined;
    },
  },
  'block the table': {
    outage: 'all',
    run: async ({ db }) => {
      await patiently(
        db,
        `DO $$ BEGIN LOCK TABLE timers IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(${BLOCKED_SECONDS}); END $$`,
      );
      return undefined;
    },
  },
  'restart NATS': {
    outage: 'nats',
    run: async ({ nats }) => {
      await nats.restart();
      return undefined;
    },
  },
  'hang the receiver': {
    outage: 'http',
    run: async ({ http }) => {
      http.hang(true);
      await delay(HANGING_MS);
      http.hang(false);
      return undefined;
    },
  },
};

export const FAULT_NAMES: readonly [FaultName, ...FaultName[]] = [
  'kill a service',
  'freeze a service',
  'restart PostgreSQL',
  'kill PostgreSQL',
  'cut the connections to PostgreSQL',
  'block the table',
  'restart NATS',
  'hang the receiver',
];

/** Inflicts a fault, tells when it began and ended, and mends what does not mend itself. */
export async function inflict(
  name: FaultName,
  victims: Victims,
  onDisturbance: (disturbance: Disturbance) => void,
): Promise<void> {
  const { outage, run } = FAULTS[name];
  const fromMs = Date.now();
  const mend = await run(victims);
  onDisturbance({ name, outage, fromMs, toMs: Date.now() });
  await mend?.();
}
