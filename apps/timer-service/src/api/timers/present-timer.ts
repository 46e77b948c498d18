import type { JsonValue, Timer, TimerCallback, TimerSummary } from '@timer-platform/callback-types';
import {
  decryptHeaders,
  type HeaderKeys,
  type InsertedTimer,
  type Instant,
  type TimerRow,
  type TimerSummaryRow,
} from '@timer-platform/database';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../auth/api-key.ts';
import { maskCallback, maskUser } from './mask-secrets.ts';

/** RFC 3339, or `infinity` and `-infinity` as PostgreSQL names them. */
export function presentInstant(value: Instant): string {
  if (typeof value !== 'number') return value.toISOString();
  return value > 0 ? 'infinity' : '-infinity';
}

/** {@link presentInstant}, or null. */
export function optionalInstant(value: Instant | null): string | null {
  return value === null ? null : presentInstant(value);
}

/** Converts a timer that was just stored. */
export function presentInserted(timer: InsertedTimer): TimerSummary {
  return {
    id: timer.id,
    created_at: timer.createdAt.toISOString(),
    execute_at: timer.executeAt.toISOString(),
    callback_type: timer.callbackType,
    status: 'pending',
    executed_at: null,
    due_at: timer.executeAt.toISOString(),
    destination: timer.destination,
    attempts: 0,
    last_error: null,
    key: timer.key,
    paused: false,
  };
}

/** Converts a row for lists and for responses to changes. */
export function presentSummary(row: TimerSummaryRow): TimerSummary {
  return {
    id: row.id,
    created_at: presentInstant(row.created_at),
    execute_at: presentInstant(row.execute_at),
    callback_type: row.callback_type,
    status: row.status,
    executed_at: optionalInstant(row.executed_at),
    due_at: presentInstant(row.due_at),
    destination: row.destination === null ? null : maskUser(row.destination),
    attempts: row.attempts,
    last_error: row.last_error,
    key: row.key,
    paused: row.paused,
    ...presentOccurrence(row),
  };
}

/** What an occurrence of a schedule has in addition; nothing for another timer. */
function presentOccurrence(row: TimerSummaryRow): Partial<TimerSummary> {
  const { schedule_id, schedule_key, scheduled_for, origin } = row;
  if (schedule_id === null || scheduled_for === null || origin === null) return {};
  return { schedule_id, schedule_key, scheduled_for: presentInstant(scheduled_for), origin };
}

/**
 * The callback as a role may see it.
 *
 * Headers that no key decrypts are shown as stored if secrets may be shown, and masked as a whole otherwise. The
 * constraints of the table guarantee an object with a known type; the contract is as tolerant as the table of the rest.
 */
export function shownCallback(
  { id, callback_config: stored }: Pick<TimerRow, 'id' | 'callback_config'>,
  role: Role,
  headerKeys: HeaderKeys,
): TimerCallback {
  const decrypted = decryptHeaders(headerKeys, id, stored);
  const config = decrypted.ok ? decrypted.config : stored;
  const shown =
    role === 'admin' ? config : maskCallback(config, role === 'read' ? 'every-parameter' : 'secrets');
  return shown as TimerCallback & JsonValue;
}

/** Converts a row with all its fields. Whose request it is decides what of the callback is masked: only admin sees secrets. */
export function presentTimer(row: TimerRow, { apiKey }: FastifyRequest, headerKeys: HeaderKeys): Timer {
  const executed = row.status === 'completed' || row.status === 'failed';
  const lateness =
    executed && row.attempted_at !== null ? Number(row.attempted_at) - Number(row.due_at) : null;
  return {
    ...presentSummary(row),
    updated_at: presentInstant(row.updated_at),
    callback: shownCallback(row, apiKey?.role ?? 'read', headerKeys),
    metadata: row.metadata,
    attempted_at: optionalInstant(row.attempted_at),
    lateness_ms: Number.isFinite(lateness) ? lateness : null,
    retry: row.retry,
    expires_at: optionalInstant(row.expires_at),
  };
}
