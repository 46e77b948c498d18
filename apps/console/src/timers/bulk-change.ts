import type { TimerState } from '@timer-platform/callback-types';

/** A change of many timers, named as its path: `POST /timers/cancel`. */
export type BulkKind = 'cancel' | 'run' | 'reschedule' | 'retry';

/** Which timers a change concerns. */
export interface BulkTarget {
  /** Filter fields of the request, with instants; none stands for all. */
  readonly filter: Readonly<Record<string, unknown>>;
  /** The same in words, for the person: `destination https://example.com`. */
  readonly words: readonly string[];
}

export interface BulkWords {
  /** `Cancel` */
  readonly verb: string;
  /** `Canceled` */
  readonly done: string;
  /** The state of the timers that it changes. */
  readonly from: TimerState;
  /** What happens, in a sentence. */
  readonly effect: string;
  readonly undoable: boolean;
}

export const BULK_WORDS: Readonly<Record<BulkKind, BulkWords>> = {
  cancel: {
    verb: 'Cancel',
    done: 'Canceled',
    from: 'pending',
    effect: 'No attempt starts any more. It can be undone for 24 hours.',
    undoable: true,
  },
  run: {
    verb: 'Run',
    done: 'Made due now:',
    from: 'pending',
    effect: 'They become due now, and their callbacks are sent. What is sent cannot be taken back.',
    undoable: false,
  },
  reschedule: {
    verb: 'Reschedule',
    done: 'Rescheduled',
    from: 'pending',
    effect: 'It can be undone for 24 hours, for those that are still pending then.',
    undoable: true,
  },
  retry: {
    verb: 'Retry',
    done: 'Retried',
    from: 'failed',
    effect:
      'They become pending and due now, with all attempts of their retry policy. What is sent cannot be taken back.',
    undoable: false,
  },
};

/** Changes that timers of a state can have; of any state without one. */
export function changesOf(status: string | undefined): readonly BulkKind[] {
  return (['run', 'reschedule', 'cancel', 'retry'] as const).filter(
    (kind) => status === undefined || status === BULK_WORDS[kind].from,
  );
}

/** A target without a filter: everything. The service wants it said. */
export function isEverything({ filter }: BulkTarget): boolean {
  return Object.keys(filter).length === 0;
}

/** The fields of a request that say which timers. */
export function targetFields(kind: BulkKind, target: BulkTarget): Readonly<Record<string, unknown>> {
  return isEverything(target) && kind !== 'retry' ? { all: true } : target.filter;
}

/** A UUID of version 4 from random bytes: `crypto.randomUUID` is missing on pages by plain HTTP. @param bytes 16 of them */
export function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte, index) => {
    if (index === 6) return (byte & 0x0f) | 0x40;
    return index === 8 ? (byte & 0x3f) | 0x80 : byte;
  })
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
