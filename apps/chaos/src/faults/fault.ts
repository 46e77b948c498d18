import type { Database } from '@timer-platform/database';
import type { NameServer, NatsServer } from '@timer-platform/test-support';
import type { Fleet } from '../fleet.ts';
import type { PostgresClock } from '../postgres-clock.ts';
import type { Random } from '../random.ts';
import type { HttpSink } from '../receivers.ts';
import type { FaultInterval } from '../verdict.ts';

/** The parts of an environment that faults are injected into. */
export interface FaultTargets {
  readonly fleet: Fleet;
  /** A connection of this program, not of a service. */
  readonly db: Database;
  readonly clock: PostgresClock;
  readonly nats: NatsServer;
  readonly http: HttpSink;
  /** undefined: services cannot be given a name server here. */
  readonly nameServer: NameServer | undefined;
  readonly random: Random;
}

export interface Fault {
  /** undefined: it excuses nothing, neither lateness nor repeated deliveries. */
  readonly outage: FaultInterval['outage'] | undefined;
  /** Changes something that prevents no delivery, but explains repeated ones. */
  readonly prepare?: (targets: FaultTargets) => Promise<void>;
  /** Injects the fault and ends it. Returns a function for the part of the recovery that does not belong to the fault. */
  readonly run: (targets: FaultTargets) => Promise<(() => Promise<void>) | undefined>;
}
