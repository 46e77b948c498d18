import Fastify from 'fastify';
import pg from 'pg';

/**
 * The minimal cost of creating a timer with this framework, driver and table: a route that runs one INSERT.
 * Argument: the URL of the database.
 */
const [, , connectionString] = process.argv;
const pool = new pg.Pool({ connectionString, max: 20 });
const app = Fastify();

interface Body {
  readonly execute_at: string;
  readonly callback: { readonly type: string };
}

app.post<{ Body: Body }>('/timers', async ({ body }, reply) => {
  const { rows } = await pool.query<{ id: string }>({
    name: 'insert',
    text: 'INSERT INTO timers (execute_at, callback_type, callback_config) VALUES ($1, $2, $3) RETURNING id',
    values: [body.execute_at, body.callback.type, body.callback],
  });
  return reply.code(201).send({ code: 0, message: 'ok', data: rows[0] });
});

const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ url });
process.on('disconnect', () => process.exit(0));
