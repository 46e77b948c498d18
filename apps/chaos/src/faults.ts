import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@timer-platform/database';
import type { NatsServer } from '@timer-platform/test-support';
import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';
import type { HttpSink } from './receivers.ts';
import type { FaultInterval } from './verdict.ts';

/** The parts of an environment that faults are injected into. */
export interface FaultTargets {
  readonly fleet: Fleet;
  /** A connection of this program, not of a service. */
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

/** Runs a query and retries it until it succeeds. */
export async function queryWithRetries<Row extends Record<string, unknown>>(
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
  const rows = await queryWithRetries<{ pid: number }>(
    db,
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::integer AS pid`,
  );
  const pid = rows[0]?.pid;
  if (pid === undefined || pid <= 1) throw new Error('the process id of PostgreSQL is unknown');
  return pid;
}

/** Sends a signal that ends the server, and waits until its owner has started another. */
async function restartPostgres({ db }: FaultTargets, signal: NodeJS.Signals): Promise<void> {
  const pid = await postmasterPid(db);
  process.kill(pid, signal);
  while ((await postmasterPid(db)) === pid) await delay(POLL_MS);
}

interface Fault {
  readonly outage: FaultInterval['outage'];
  /** Injects the fault and ends it. Returns a function for the part of the recovery that does not belong to the fault. */
  readonly run: (targets: FaultTargets) => Promise<(() => Promise<void>) | undefined>;
}

const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'kill a service': {
    outage: 'none',
    run: async ({ fleet, random }) => {
      await fleet.pickRedundant()?.kill();
      return async () => {
        await delay(random.between(0, 3_000));
        await fleet.add();
      };
    },
  },
  'freeze a service': {
    outage: 'none',
    run: async ({ fleet }) => {
      const service = fleet.pickRedundant();
      service?.freeze();
      await delay(FROZEN_MS);
      service?.thaw();
      return undefined;
    },
  },
  'restart PostgreSQL': {
    outage: 'all',
    run: async (targets) => {
      await restartPostgres(targets, 'SIGINT');
      return undefined;
    },
  },
  'kill PostgreSQL': {
    outage: 'all',
    run: async (targets) => {
      await restartPostgres(targets, 'SIGKILL');
      return undefined;
    },
  },
  'cut the connections to PostgreSQL': {
    outage: 'all',
    run: async ({ db }) => {
      await queryWithRetries(
        db,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'timer-service%'`,
      );
      return undefined;
    },
  },
  'block the table': {
    outage: 'all',
    run: async ({ db }) => {
      await queryWithRetries(
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

/** Injects a fault, reports when it began and ended, and completes the recovery. */
export async function injectFault(
  name: FaultName,
  targets: FaultTargets,
  onInterval: (interval: FaultInterval) => void,
): Promise<void> {
  const { outage, run } = FAULTS[name];
  const fromMs = Date.now();
  const recover = await run(targets);
  onInterval({ name, outage, fromMs, toMs: Date.now() });
  await recover?.();
}
