import { connect } from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import { startNameServer, startNatsServer } from '@timer-platform/test-support';
import type { DeliveryLog } from './delivery-log.ts';
import { createFaketime, findFaketime } from './faketime.ts';
import type { FaultTargets } from './faults/fault.ts';
import { Fleet } from './fleet.ts';
import { PostgresClock } from './postgres-clock.ts';
import type { Random } from './random.ts';
import { openStreamSink, startHttpSink, type StreamSink } from './receivers.ts';
import { TimerClient } from './timer-client.ts';

/** The environment of a run: servers, receivers and a fleet without services. */
export interface ChaosEnvironment extends FaultTargets {
  readonly stream: StreamSink;
  readonly client: TimerClient;
}

export interface ChaosEnvironmentOptions {
  readonly random: Random;
  /** Returns the log that records HTTP callbacks. */
  readonly currentLog: () => DeliveryLog;
  /** Whether the clock of PostgreSQL shall be stepped, where that is possible. Each look at it is slower then. */
  readonly stepClock?: boolean;
}

/** Starts a PostgreSQL and a nats-server, runs `work`, and stops everything at the end, also after an error. */
export async function withChaosEnvironment<Result>(
  { random, currentLog, stepClock = false }: ChaosEnvironmentOptions,
  work: (environment: ChaosEnvironment) => Promise<Result>,
): Promise<Result> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const library = stepClock ? await findFaketime() : undefined;
    const faketime = library === undefined ? undefined : await createFaketime(library);
    if (faketime !== undefined) closers.push(() => faketime.remove());
    // Durable: what the server has committed must survive a kill of its process.
    const server = await openTemporaryPostgres({
      durable: true,
      settings: { max_connections: '300' },
      environment: faketime?.environment ?? {},
      log: () => undefined,
    });
    closers.push(() => server.stop());
    const db = connect({
      url: server.url,
      applicationName: 'chaos',
      poolSize: 4,
      // Prepared statements do not survive a restart of the server.
      transactionPooler: true,
      onIdleError: () => undefined,
    });
    closers.push(() => db.close());
    const clock = new PostgresClock(faketime);
    if (clock.canStep) await clock.tryOut(db);
    await migrateToLatest({ databaseUrl: server.url });
    const nats = await startNatsServer({ jetstream: true });
    closers.push(() => nats.stop());
    const stream = await openStreamSink(nats.url);
    closers.push(() => stream.stop());
    const http = await startHttpSink(currentLog);
    closers.push(() => http.stop());
    const nameServer = await startNameServer();
    if (nameServer !== undefined) closers.push(() => nameServer.stop());
    const fleet = new Fleet({ databaseUrl: server.url, natsUrl: nats.url, nameServer }, random);
    closers.push(() => fleet.stop());
    return await work({
      fleet,
      db,
      clock,
      nats,
      http,
      nameServer,
      random,
      stream,
      client: new TimerClient(fleet.pickUrl),
    });
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
