import { setTimeout as sleep } from 'node:timers/promises';
import { queryRows } from '@timer-platform/migrations';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { formatBytes } from './byte-size.ts';

/** All columns except the pid are null for a role without pg_read_all_stats. */
const READ_REPLICAS = `
SELECT COALESCE(NULLIF(application_name, ''), host(client_addr), 'pid ' || pid) AS name, state,
       pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS lag_bytes
FROM pg_stat_replication`;

const replicaSchema = z.object({
  name: z.string(),
  state: z.string().nullable(),
  /** null for a receiver that replays nothing, such as pg_receivewal. */
  lag_bytes: z.number().nullable(),
});
export type Replica = z.infer<typeof replicaSchema>;

/** The replica that is furthest behind, if that is more than `maxBytes`. Pure. */
export function findLaggingReplica(
  replicas: readonly Replica[],
  maxBytes: number,
): { readonly name: string; readonly bytes: number } | undefined {
  return replicas
    .map(({ name, lag_bytes: bytes }) => ({ name, bytes: bytes ?? 0 }))
    .filter(({ bytes }) => bytes > maxBytes)
    .toSorted((a, b) => b.bytes - a.bytes)[0];
}

const POLL_MS = 250;
/** Interval of the notices while a replica lags. */
const NOTICE_MS = 10_000;

/** Delays batches while a streaming replica lags. */
export class ReplicaThrottle {
  readonly #client: ClientBase;
  readonly #maxBytes: number;
  readonly #notify: (text: string) => void;
  #reportedHidden = false;

  /** @param maxBytes Infinity: never delays */
  constructor(client: ClientBase, maxBytes: number, notify: (text: string) => void) {
    this.#client = client;
    this.#maxBytes = maxBytes;
    this.#notify = notify;
  }

  /** Waits until every visible replica is within the limit. `assertNotStopped` may throw to end the wait. */
  async wait(assertNotStopped: () => Promise<void>): Promise<void> {
    if (this.#maxBytes === Infinity) return;
    for (let nextNoticeAt = 0; ;) {
      const replicas = await queryRows(this.#client, replicaSchema, READ_REPLICAS);
      this.#reportHidden(replicas);
      const lagging = findLaggingReplica(replicas, this.#maxBytes);
      if (lagging === undefined) return;
      if (performance.now() >= nextNoticeAt) {
        nextNoticeAt = performance.now() + NOTICE_MS;
        this.#notify(
          `waiting for replica ${lagging.name}, which is ${formatBytes(lagging.bytes)} behind (limit ${formatBytes(this.#maxBytes)}, --max-replica-lag)`,
        );
      }
      await assertNotStopped();
      await sleep(POLL_MS);
    }
  }

  #reportHidden(replicas: readonly Replica[]): void {
    const hidden = replicas.filter(({ state }) => state === null).length;
    if (hidden === 0 || this.#reportedHidden) return;
    this.#reportedHidden = true;
    this.#notify(
      `the lag of ${hidden} replicas is hidden from this role and does not slow the batches; GRANT pg_read_all_stats shows it`,
    );
  }
}
