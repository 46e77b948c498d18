import { connect } from '@timer-platform/database';
import { openTemporaryPostgres } from '@timer-platform/embedded-postgres';
import { migrateToLatest } from '@timer-platform/migrations';
import { startNatsServer } from '@timer-platform/test-support';
import type { Victims } from './faults.ts';
import { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { openStreamSink, startHttpSink, type StreamSink } from './receivers.ts';
import { TimerClient } from './timer-client.ts';

/** Everything that a run plays with: servers, receivers and an empty fleet of services. */
export interface Stage extends Victims {
  readonly stream: StreamSink;
  readonly client: TimerClient;
}

export interface StageOptions {
  readonly random: Random;
  /** Where HTTP callbacks are written down now. */
  readonly ledger: () => Ledger;
}

/** Sets the stage with a PostgreSQL and a nats-server of its own, and clears it away whatever happens on it. */
export async function withStage<Result>(
  { random, ledger }: StageOptions,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    // Durable: what the server has confirmed must be there after its process was killed.
    const server = await openTemporaryPostgres({
      durable: true,
      settings: { max_connections: '300' },
      log: () => undefined,
    });
    closers.push(() => server.stop());
    await migrateToLatest({ databaseUrl: server.url });
    const db = connect({
      url: server.url,
      applicationName: 'chaos',
      poolSize: 2,
      // Named statements do not survive the server's end any more than the connection does.
      transactionPooler: true,
      onIdleError: () => undefined,
    });
    closers.push(() => db.close());
    const nats = await startNatsServer({ jetstream: true });
    closers.push(() => nats.stop());
    const stream = await openStreamSink(nats.url);
    closers.push(() => stream.stop());
    const http = await startHttpSink(ledger);
    closers.push(() => http.stop());
    const fleet = new Fleet({ databaseUrl: server.url, natsUrl: nats.url }, random);
    closers.push(() => fleet.stop());
    return await play({ fleet, db, nats, http, random, stream, client: new TimerClient(fleet.anyUrl) });
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
