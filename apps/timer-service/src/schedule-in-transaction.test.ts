import { expect, test } from '@jest/globals';
import { type Receiver, startReceiver, startTimerService } from '@timer-platform/test-support';
import { withTestDatabase } from '@timer-platform/test-support/jest';

const database = withTestDatabase({ perTest: true });

const TRANSACTIONS = 1_000;
const TIME_LIMIT_MS = 60_000;

const bodies = (receiver: Receiver): number[] => receiver.requests.map(({ body }) => Number(body.toString()));

/** Runs the transactions one after the other, and rolls back each second one. Calls `half` after half of them. */
async function runTransactions(url: string, half: () => void): Promise<void> {
  for (let n = 0; n < TRANSACTIONS; n += 1) {
    await database.query('BEGIN');
    await database.query(`SELECT schedule_timer($1, delay => interval '0')`, [
      JSON.stringify({ type: 'http', url, payload: n }),
    ]);
    await database.query(n % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
    if (n === TRANSACTIONS / 2) half();
  }
}

async function waitForDeliveries(receiver: Receiver): Promise<void> {
  await receiver.waitFor(() => new Set(bodies(receiver)).size >= TRANSACTIONS / 2, TIME_LIMIT_MS);
}

const EVEN = Array.from({ length: TRANSACTIONS / 2 }, (_, index) => index * 2);

test(
  'of 1,000 transactions of which half are rolled back, exactly 500 callbacks arrive',
  async () => {
    const receiver = await startReceiver();
    const service = await startTimerService({ databaseUrl: database.url });
    try {
      await runTransactions(receiver.url, () => undefined);
      await waitForDeliveries(receiver);
      expect(bodies(receiver).sort((a, b) => a - b)).toStrictEqual(EVEN);
    } finally {
      await service.stop();
      await receiver.stop();
    }
  },
  2 * TIME_LIMIT_MS,
);

test(
  'with two dispatchers of which one is killed, the same 500 callbacks arrive',
  async () => {
    const receiver = await startReceiver();
    const start = () => startTimerService({ databaseUrl: database.url });
    const [first, second] = await Promise.all([start(), start()]);
    try {
      let killed: Promise<void> | undefined;
      await runTransactions(receiver.url, () => {
        killed = first.kill();
      });
      await killed;
      await waitForDeliveries(receiver);
      // What the killed one had in flight may arrive a second time, as the same message.
      const ids = new Map<string, number>();
      for (const { headers, body } of receiver.requests)
        ids.set(String(headers['webhook-id']), Number(body.toString()));
      expect([...ids.values()].sort((a, b) => a - b)).toStrictEqual(EVEN);
      process.stdout.write(`${receiver.requests.length - 500} repeated after the kill\n`);
    } finally {
      await second.stop();
      await receiver.stop();
    }
  },
  2 * TIME_LIMIT_MS,
);
