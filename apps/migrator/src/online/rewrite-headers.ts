import { setTimeout as sleep } from 'node:timers/promises';
import {
  areEncrypted,
  decryptHeaderText,
  encryptHeaderText,
  type HeaderKeys,
} from '@timer-platform/database';
import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import { nextBatchRows, pauseAfterBatch } from './batch-throttle.ts';
import { KEEP_UPDATED_AT, withUpdatedAtKept } from './keep-updated-at.ts';
import { inShortTransaction, type LockContext, type OnlineContext } from './online-context.ts';

/** encrypt: encrypts plain headers and those under an older key with the current key. decrypt: decrypts all. */
export type HeaderRewrite = 'encrypt' | 'decrypt';

export interface RewriteContext extends LockContext, Pick<OnlineContext, 'throttle' | 'signal'> {
  readonly keys: HeaderKeys;
  readonly rewrite: HeaderRewrite;
}

/** A row that was not changed, because no key decrypts its headers. */
export interface UnreadableHeaders {
  readonly id: string;
  readonly reason: string;
}

export interface TableReport {
  /** Rows read. */
  readonly rows: number;
  readonly rewritten: number;
  readonly unreadable: number;
  /** The first unreadable rows. */
  readonly examples: readonly UnreadableHeaders[];
}

/** What was done to the timers, and to the schedules. */
export interface RewriteReport extends TableReport {
  readonly schedules: TableReport;
}

/** Tables with callbacks. */
type CallbackTable = 'timers' | 'schedules';

/** Number of unreadable rows that a report names. */
const MAX_EXAMPLES = 20;

const needsRewrite: Readonly<Record<HeaderRewrite, string>> = {
  encrypt: `callback_config -> 'headers' NOT IN ('null', '{}')
    AND callback_config #>> '{headers,$encrypted,key}' IS DISTINCT FROM $3::text`,
  // $3 must occur for PostgreSQL to infer its type.
  decrypt: "jsonb_typeof(callback_config #> '{headers,$encrypted}') = 'object' AND $3::text IS NOT NULL",
};

/** Headers as text: numbers of old rows may have more digits than JavaScript keeps. Locks nothing. */
const readPage = (table: CallbackTable, rewrite: HeaderRewrite): string => `
SELECT id, CASE WHEN ${needsRewrite[rewrite]} THEN (callback_config -> 'headers')::text END AS headers
FROM ${table} WHERE id > $1 ORDER BY id LIMIT $2`;

const pageSchema = z.object({ id: z.string(), headers: z.string().nullable() });

/**
 * Replaces headers that have not changed since they were read. Skips locked rows, so that it never blocks a settle while
 * it waits itself. Changes neither state nor claim of an executing row, so its settle still succeeds.
 */
const replaceIn = (table: CallbackTable): string => `
WITH given AS (
  SELECT id, old::jsonb AS old, new::jsonb AS new
  FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, old text, new text)
), held AS MATERIALIZED (
  SELECT ${table}.id, given.old, given.new FROM given JOIN ${table} USING (id)
  WHERE ${table}.callback_config -> 'headers' = given.old
  ORDER BY ${table}.id FOR NO KEY UPDATE OF ${table} SKIP LOCKED
)
UPDATE ${table} SET callback_config = jsonb_set(${table}.callback_config, '{headers}', held.new) FROM held
WHERE ${table}.id = held.id AND ${table}.callback_config -> 'headers' = held.old
RETURNING ${table}.id`;

/** For the progress display only; exact if the table was never analyzed. */
const estimateRows = (table: CallbackTable): string => `
SELECT CASE WHEN reltuples >= 0 THEN reltuples::bigint ELSE (SELECT count(*) FROM ${table}) END AS rows
FROM pg_class WHERE oid = '${table}'::regclass`;

/** The database may not have the migration that adds them. */
const HAS_SCHEDULES = "SELECT to_regclass('schedules') IS NOT NULL AS found";

interface Replacement {
  readonly id: string;
  readonly old: string;
  readonly new: string;
}

const jsonSchema = z.json();

/** Returns the new headers of a row as JSON text, or why they are unreadable. Pure except for the random IV. */
function rewriteOne(
  { keys, rewrite }: RewriteContext,
  id: string,
  headers: string,
): { readonly text: string } | { readonly reason: string } {
  const stored = jsonSchema.parse(JSON.parse(headers));
  const plain = areEncrypted(stored)
    ? decryptHeaderText(keys, id, stored)
    : ({ ok: true, text: headers } as const);
  if (!plain.ok) return { reason: plain.reason };
  if (rewrite === 'decrypt') return { text: plain.text };
  const encrypted = encryptHeaderText(keys, id, plain.text);
  return encrypted === undefined
    ? { reason: 'there is no encryption key' }
    : { text: JSON.stringify(encrypted) };
}

interface Page {
  readonly rows: number;
  readonly lastId: string;
  readonly replacements: readonly Replacement[];
  readonly unreadable: readonly UnreadableHeaders[];
}

async function readNextPage(
  context: RewriteContext,
  table: CallbackTable,
  afterId: string,
  limit: number,
): Promise<Page> {
  const { session, keys, rewrite } = context;
  const values = [afterId, limit, keys.current ?? ''];
  const rows = await queryRows(session.client, pageSchema, readPage(table, rewrite), values);
  const replacements: Replacement[] = [];
  const unreadable: UnreadableHeaders[] = [];
  for (const { id, headers } of rows) {
    if (headers === null) continue;
    const result = rewriteOne(context, id, headers);
    if ('text' in result) replacements.push({ id, old: headers, new: result.text });
    else unreadable.push({ id, reason: result.reason });
  }
  return { rows: rows.length, lastId: rows.at(-1)?.id ?? afterId, replacements, unreadable };
}

/** Returns the replacements that were not made, because the row was locked or its headers have changed. */
async function replaceHeaders(
  context: RewriteContext,
  table: CallbackTable,
  replacements: readonly Replacement[],
): Promise<readonly Replacement[]> {
  if (replacements.length === 0) return [];
  const { client } = context.session;
  return inShortTransaction(context, 'rewrite', async () => {
    await client.query(KEEP_UPDATED_AT);
    const schema = z.object({ id: z.string() });
    const rows = await queryRows(client, schema, replaceIn(table), [JSON.stringify(replacements)]);
    const replaced = new Set(rows.map(({ id }) => id));
    return replacements.filter(({ id }) => !replaced.has(id));
  });
}

/** Pause before a page with locked or changed rows is retried, in milliseconds. */
const RETRY_AFTER_MS = 50;

async function rewriteTable(context: RewriteContext, table: CallbackTable): Promise<TableReport> {
  const { session, throttle, policy, signal, report } = context;
  const { rows: total } = await queryRow(
    session.client,
    z.object({ rows: z.coerce.number() }),
    estimateRows(table),
  );
  const startedAt = performance.now();
  const done = { rows: 0, rewritten: 0, unreadable: 0 };
  const examples: UnreadableHeaders[] = [];
  let afterId = '00000000-0000-0000-0000-000000000000';
  let lockedSince: number | undefined;
  for (let limit = throttle.firstBatchRows; ;) {
    if (signal.aborted)
      throw new MigrationError(
        'interrupted',
        'stopped; all batches so far are committed. Run the command again to continue',
      );
    const batchStartedAt = performance.now();
    const page = await readNextPage(context, table, afterId, limit);
    const remaining = await replaceHeaders(context, table, page.replacements);
    done.rewritten += page.replacements.length - remaining.length;
    if (remaining.length > 0) {
      lockedSince ??= batchStartedAt;
      if (performance.now() - lockedSince > policy.patienceMs)
        throw new MigrationError(
          'lock-timeout',
          `${remaining.length} ${table} are locked by another transaction, for example ${remaining[0]?.id ?? ''}. All batches so far are committed; end that session, then run the command again`,
        );
      await sleep(RETRY_AFTER_MS);
      continue;
    }
    lockedSince = undefined;
    afterId = page.lastId;
    done.rows += page.rows;
    done.unreadable += page.unreadable.length;
    examples.push(...page.unreadable.slice(0, MAX_EXAMPLES - examples.length));
    const rowsPerSecond = (done.rows * 1000) / (performance.now() - startedAt);
    report({ kind: 'batch', done: done.rows, total: Math.max(total, done.rows), rowsPerSecond });
    if (page.rows < limit) return { ...done, examples };
    const tookMs = performance.now() - batchStartedAt;
    limit = nextBatchRows(limit, tookMs, throttle);
    await sleep(pauseAfterBatch(tookMs, throttle));
  }
}

async function rewriteAll(context: RewriteContext): Promise<RewriteReport> {
  const { found } = await queryRow(context.session.client, z.object({ found: z.boolean() }), HAS_SCHEDULES);
  const none = { rows: 0, rewritten: 0, unreadable: 0, examples: [] };
  const timers = await rewriteTable(context, 'timers');
  return { ...timers, schedules: found ? await rewriteTable(context, 'schedules') : none };
}

/**
 * Rewrites the headers of every timer in any state, and of every schedule, in batches by id. The service may run. Keeps `updated_at`. A second
 * run continues an interrupted one: rows that are done are not rewritten.
 *
 * @throws MigrationError `interrupted` by the signal, `lock-timeout` when a lock was not granted
 */
export function rewriteHeaders(context: RewriteContext): Promise<RewriteReport> {
  return withUpdatedAtKept(context, () => rewriteAll(context));
}
