import type { ClientBase } from 'pg';
import { z } from 'zod';
import { queryRow } from '../query-rows.ts';

/** Whether the `search_path` of the session has this table. */
export async function tableExists(client: ClientBase, table: string): Promise<boolean> {
  const { found } = await queryRow(
    client,
    z.object({ found: z.boolean() }),
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [table],
  );
  return found;
}
