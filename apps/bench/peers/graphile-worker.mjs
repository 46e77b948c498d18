import { Logger, run, runMigrations } from 'graphile-worker';
import { createPost, runPeer } from './peer.mjs';

const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => (level, message) => {
  if (level === 'error' || level === 'warning') console.error(message);
});

await runPeer({
  prepare: () => runMigrations({ connectionString, logger }),
  insert: async (jobs, client) => {
    const specs = jobs.map((job) => ({
      identifier: 'post',
      payload: job,
      run_at: new Date(job.payload.dueMs).toISOString(),
    }));
    await client.query(
      `SELECT count(*) FROM graphile_worker.add_jobs(
         array(SELECT json_populate_recordset(null::graphile_worker.job_spec, $1::json)))`,
      [JSON.stringify(specs)],
    );
  },
  work: async () => {
    const post = createPost();
    const runner = await run({
      connectionString,
      logger,
      noHandleSignals: true,
      pollInterval: Number(process.env.POLL_MS ?? 100),
      concurrency: Number(process.env.CONNECTIONS),
      maxPoolSize: 20,
      parsedCronItems: [],
      taskList: { post },
      preset: {
        worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
      },
    });
    return () => runner.stop();
  },
});
