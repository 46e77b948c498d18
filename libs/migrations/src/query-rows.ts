import type { ClientBase } from 'pg';
import type { z } from 'zod';

/** Runs a query and parses each row with the schema. */
export async function queryRows<Row>(
  client: ClientBase,
  schema: z.ZodType<Row>,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
  return result.rows.map((row) => schema.parse(row));
}

/** Runs a query that always returns one row and parses it with the schema. */
export async function queryRow<Row>(
  client: ClientBase,
  schema: z.ZodType<Row>,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row> {
  const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
  return schema.parse(result.rows[0]);
}
