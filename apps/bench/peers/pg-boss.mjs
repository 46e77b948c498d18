import { PgBoss } from 'pg-boss';
import { createPost, runPeer } from './peer.mjs';

const QUEUE = 'post';
const connectionString = process.env.DATABASE_URL;

async function open(options) {
  const boss = new PgBoss({ connectionString, schedule: false, ...options });
  boss.on('error', (error) => console.error(error.message));
  await boss.start();
  return boss;
}

await runPeer({
  prepare: async () => {
    const boss = await open({ supervise: false });
    await boss.createQueue(QUEUE);
    await boss.stop({ graceful: false });
  },
  insert: async (jobs, client) => {
    const boss = await open({ supervise: false, migrate: false });
    const db = { executeSql: (text, values) => client.query(text, values) };
    for (let from = 0; from < jobs.length; from += 5_000)
      await boss.insert(
        QUEUE,
        jobs.slice(from, from + 5_000).map((job) => ({ data: job, startAfter: new Date(job.payload.dueMs) })),
        { db },
      );
    await boss.stop({ graceful: false });
  },
  work: async () => {
    const boss = await open({ max: 20 });
    const post = createPost();
    const deliver = (job) =>
      post(job.data).then(
        () => ({ id: job.id, status: 'completed' }),
        (error) => ({ id: job.id, status: 'failed', output: { message: error.message } }),
      );
    await boss.work(
      QUEUE,
      {
        batchSize: 500,
        perJobResults: true,
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
        localConcurrency: Number(process.env.PG_BOSS_WORKERS),
      },
      (jobs) => Promise.all(jobs.map(deliver)),
    );
    return () => boss.stop({ graceful: true });
  },
});
