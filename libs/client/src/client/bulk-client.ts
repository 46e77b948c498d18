import type { BulkResult } from '@timer-platform/callback-types';
import type {
  BulkCancel,
  BulkOptions,
  BulkProgress,
  BulkRequests,
  BulkReschedule,
  BulkRetry,
  BulkRun,
  BulkSummary,
} from './bulk-requests.ts';
import { isBulkResult } from './bulk-shapes.ts';
import type { SendCall } from './call-spec.ts';
import { TimerError } from './errors.ts';
import type { CallOptions } from './options.ts';

const NOTHING: BulkProgress = { matched: 0, changed: 0, skipped: 0 };

function add(sum: BulkProgress, { matched, changed, skipped }: BulkResult): BulkProgress {
  return {
    matched: sum.matched + matched,
    changed: sum.changed + changed,
    skipped: sum.skipped + skipped,
  };
}

/**
 * Changes of many timers by filter. They need a key of the role admin, and are in the audit log: `client.actions()`.
 *
 * Each method sends one request, which changes up to `limit` timers (1,000 by default, 10,000 at most) and takes 5 s at most. While
 * `more` is true, call it again with `cursor`; {@link untilDone} does that.
 *
 * Every request has an `action_id`, by default a random one. So it changes no timer twice when it is sent again after a lost
 * response; but then the counts lack those of that response, and `limit` holds for each try. `affected` of the action in
 * the audit log counts all. A retry is the exception: a timer that failed again meanwhile is retried again.
 */
export class BulkClient {
  readonly #call: SendCall;
  readonly #randomId: () => string;

  /** @internal */
  constructor(call: SendCall, randomId: () => string) {
    this.#call = call;
    this.#randomId = randomId;
  }

  /**
   * Cancels pending timers. When this resolves, no attempt of the changed ones starts. `client.undo` undoes it.
   *
   * @throws {TimerError} `validation` without a filter or `all: true`; `idempotencyConflict` if `action_id` belongs to another
   *   request
   */
  async cancel(request: BulkCancel, options: CallOptions = {}): Promise<BulkResult> {
    return this.#send('cancel', request, options);
  }

  /**
   * Makes pending timers due now. Those of a paused destination wait until it is resumed.
   *
   * @throws {TimerError} as {@link cancel}
   */
  async run(request: BulkRun, options: CallOptions = {}): Promise<BulkResult> {
    return this.#send('run', request, options);
  }

  /**
   * Moves pending timers. When this resolves, no attempt of the changed ones starts at its old instant. `client.undo` undoes it.
   *
   * @throws {TimerError} as {@link cancel}
   */
  async reschedule(request: BulkReschedule, options: CallOptions = {}): Promise<BulkResult> {
    return this.#send('reschedule', request, options);
  }

  /**
   * Makes failed timers pending again, due now, with all the attempts of their policy. Without a filter: all of them.
   *
   * @throws {TimerError} `idempotencyConflict` if `action_id` belongs to another request
   */
  async retry(request: BulkRetry = {}, options: CallOptions = {}): Promise<BulkResult> {
    return this.#send('retry', request, options);
  }

  /**
   * Makes a change until no more timers match, request by request as one action, and sums the results. To be able to
   * repeat it after an error, give it an `action_id` of your own: repeated with that, it goes on with what is left.
   *
   * @throws {TimerError} as the methods of the changes. What earlier requests have changed stays changed
   *
   * @example
   * await client.bulk.untilDone('cancel', { destination: 'https://shop.example' });
   */
  async untilDone<Change extends keyof BulkRequests>(
    change: Change,
    request: BulkRequests[Change],
    { onProgress, ...options }: BulkOptions = {},
  ): Promise<BulkSummary> {
    let cursor = request.cursor;
    let sum = NOTHING;
    for (;;) {
      const result = await this.#send(change, { ...request, cursor }, options);
      sum = add(sum, result);
      onProgress?.(sum);
      const { more, cursor: next, action_id } = result;
      // A dry run has no cursor.
      if (!more || next === null) return { ...sum, more, action_id };
      if (next === cursor)
        throw new TimerError('badResponse', `POST /timers/${change} got the same cursor twice`, {
          httpStatus: 200,
          mayHaveSucceeded: true,
        });
      cursor = next;
    }
  }

  #send(
    change: keyof BulkRequests,
    request: BulkRequests[keyof BulkRequests],
    options: CallOptions,
  ): Promise<BulkResult> {
    // A cursor has the action that it continues.
    const isNew = request.cursor === undefined && request.action_id === undefined;
    const body = isNew ? { ...request, action_id: this.#randomId() } : request;
    return this.#call({ method: 'POST', path: `/timers/${change}`, body, shape: isBulkResult }, options);
  }
}
