import type { Attempt, Timer } from '@timer-platform/callback-types';

/** What happened, or is to happen. */
export interface TimelineEvent {
  readonly kind:
    'created' | 'due' | 'sent' | 'delivered' | 'failed' | 'canceled' | 'claimed' | 'next' | 'expires';
  /** RFC 3339; null where the instant is not known. */
  readonly at: string | null;
  readonly label: string;
  readonly detail: string | null;
  /** Time since the event before, in milliseconds; null where one of the two is not known. */
  readonly after: number | null;
  /** Not yet. */
  readonly future: boolean;
}

/** Attempts that are left out of a long timeline. */
export interface LeftOut {
  readonly kind: 'left-out';
  readonly attempts: number;
}

type Entry = Omit<TimelineEvent, 'after' | 'future'> & { readonly future?: boolean };

/** Attempts at the beginning and at the end of a long timeline. */
const ENDS = 3;

/**
 * The course of a timer: created, due, sent, settled; for each attempt that is known, and what comes next.
 * @param attempts in the order of their numbers; earlier ones may be deleted already
 */
export function timelineOf(
  timer: Timer,
  attempts: readonly Attempt[],
  whole = false,
): readonly (TimelineEvent | LeftOut)[] {
  const cut = whole || attempts.length <= 2 * ENDS + 1;
  const first = cut ? attempts : attempts.slice(0, ENDS);
  const last = cut ? [] : attempts.slice(-ENDS);
  const begin: readonly Entry[] = [
    { kind: 'created', at: timer.created_at, label: 'Created', detail: createdDetail(timer) },
    ...first.flatMap(attemptEntries),
  ];
  const end: readonly Entry[] = [...last.flatMap(attemptEntries), ...endEntries(timer, attempts)];
  const [shownBegin, shownEnd] = [
    withTimes(begin, null),
    withTimes(end, last.length > 0 ? null : lastAt(begin)),
  ];
  if (last.length === 0) return [...shownBegin, ...shownEnd];
  return [...shownBegin, { kind: 'left-out', attempts: attempts.length - 2 * ENDS }, ...shownEnd];
}

function createdDetail({ origin, schedule_key, key }: Timer): string | null {
  if (origin !== undefined && schedule_key !== null && schedule_key !== undefined)
    return `By the schedule ${schedule_key}${origin === 'schedule' ? '' : `, ${origin.replace('_', '-')}`}`;
  return key === null ? null : `Key ${key}`;
}

function attemptEntries({
  number,
  due_at,
  started_at,
  finished_at,
  outcome,
  error,
  status_code,
}: Attempt): readonly Entry[] {
  const delivered = outcome === 'delivered';
  return [
    { kind: 'due', at: due_at, label: 'Due', detail: null },
    { kind: 'sent', at: started_at, label: `Attempt ${number} sent`, detail: null },
    {
      kind: delivered ? 'delivered' : 'failed',
      at: finished_at,
      label: delivered ? 'Delivered' : `Attempt ${number} failed`,
      detail: error ?? (status_code === null ? null : `HTTP ${status_code}`),
    },
  ];
}

/** What follows the attempts that are listed. */
function endEntries(timer: Timer, attempts: readonly Attempt[]): readonly Entry[] {
  const { status, due_at, executed_at, attempted_at, last_error, expires_at } = timer;
  const last = attempts.at(-1);
  // The list may have been read before the last attempt ended, or not hold delivered ones.
  const unlisted: readonly Entry[] =
    attempted_at !== null && (last === undefined || Date.parse(attempted_at) > Date.parse(last.started_at))
      ? [
          { kind: 'due', at: due_at, label: 'Due', detail: null },
          {
            kind: 'sent',
            at: attempted_at,
            label: `Attempt ${Math.max(1, timer.attempts)} sent`,
            detail: null,
          },
        ]
      : [];
  switch (status) {
    case 'completed':
      return last?.outcome === 'delivered'
        ? []
        : [...unlisted, { kind: 'delivered', at: executed_at, label: 'Delivered', detail: null }];
    case 'failed':
      return [
        ...unlisted,
        {
          kind: 'failed',
          at: executed_at,
          label: 'Failed for good',
          detail: last?.error === last_error ? null : last_error,
        },
      ];
    case 'canceled':
      return [{ kind: 'canceled', at: timer.updated_at, label: 'Canceled', detail: null }];
    case 'executing':
      return [
        { kind: 'due', at: due_at, label: 'Due', detail: null },
        {
          kind: 'claimed',
          at: null,
          label: 'Claimed by a dispatcher',
          detail: 'The attempt is about to start, or under way.',
        },
      ];
    case 'pending': {
      const next: Entry = timer.paused
        ? { kind: 'due', at: due_at, label: 'Due', detail: 'Waits: its destination is paused.' }
        : {
            kind: 'next',
            at: due_at,
            label: attempts.length === 0 ? 'Due' : 'Next attempt',
            detail: null,
            future: true,
          };
      return expires_at === null
        ? [next]
        : [
            next,
            {
              kind: 'expires',
              at: expires_at,
              label: 'Expires',
              detail: 'No attempt starts after this.',
              future: true,
            },
          ];
    }
  }
}

function lastAt(entries: readonly Entry[]): string | null {
  return entries.at(-1)?.at ?? null;
}

function withTimes(entries: readonly Entry[], before: string | null): readonly TimelineEvent[] {
  let previous = before;
  return entries.map((entry) => {
    const after = previous === null || entry.at === null ? NaN : Date.parse(entry.at) - Date.parse(previous);
    previous = entry.at ?? previous;
    return { future: false, ...entry, after: Number.isFinite(after) ? after : null };
  });
}

/**
 * How soon a timer should be read again.
 * @param now milliseconds
 * @returns milliseconds, or false when it is finished
 */
export function refetchAfter(
  { status, due_at, paused }: Pick<Timer, 'status' | 'due_at' | 'paused'>,
  now: number,
): number | false {
  if (status === 'executing') return 1_000;
  if (status !== 'pending') return false;
  if (paused) return 5_000;
  const left = Date.parse(due_at) - now;
  if (Number.isNaN(left)) return 60_000;
  return Math.min(30_000, Math.max(1_000, left / 2));
}
