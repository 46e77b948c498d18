import { createInterface } from 'node:readline';
import pg from 'pg';
import { Agent, request } from 'undici';

/** Returns the job handler of every peer: it sends the same request with the same client as the timer service. */
export function createPost() {
  const dispatcher = new Agent({ connections: Number(process.env.CONNECTIONS) });
  return async ({ url, payload }) => {
    const response = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    await response.body.dump();
    if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
  };
}

/**
 * Reads jobs from standard input, one per line until an empty line, and inserts them in a transaction that the next line
 * commits.
 */
async function store(insert) {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const jobs = [];
  for (let { value } = await lines.next(); value !== ''; { value } = await lines.next())
    jobs.push(JSON.parse(value));
  await client.query('BEGIN');
  await insert(jobs, client);
  console.log('stored');
  await lines.next();
  await client.query('COMMIT');
  console.log('committed');
  await client.end();
  process.exit(0);
}

/** Runs the step given on the command line: `prepare`, `store` or `work`. */
export async function runPeer({ prepare, insert, work }) {
  const [, , step] = process.argv;
  if (step === 'prepare') {
    await prepare();
    console.log('prepared');
    process.exit(0);
  }
  if (step === 'store') {
    await store(insert);
    return;
  }
  const stop = await work();
  console.log('working');
  process.once('SIGTERM', async () => {
    await stop();
    process.exit(0);
  });
}
