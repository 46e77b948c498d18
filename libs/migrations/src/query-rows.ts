import type { ClientBase } from 'pg';
import type { z } from 'zod';

/** The rows of a query, each checked against the schema. */
export async function queryRows<Row>(
  client: ClientBase,
  schema: z.ZodType<Row>,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
  return result.rows.map((row) => schema.parse(row));
}

/** The one row of a query that always has one. */
export async function queryRow<Row>(
  client: ClientBase,
  schema: z.ZodType<Row>,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row> {
  const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
  return schema.parse(result.rows[0]);
}
