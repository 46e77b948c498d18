import type {
  Occurrence,
  Schedule,
  ScheduleBackfill,
  SchedulePreview,
  ScheduleSummary,
  TimerSummary,
} from '@timer-platform/callback-types';
import type { CallbackDefinition } from '../callbacks/define-callback.ts';
import type { IdentifyCall, SendCall } from './call-spec.ts';
import { TimerError } from './errors.ts';
import type { CallOptions, CreateOptions } from './options.ts';
import { PagedList } from './paged-list.ts';
import { keyInPath, queryString } from './requests.ts';
import { isTimerSummary } from './response-shapes.ts';
import {
  type BackfillRequest,
  conditionOf,
  type NewSchedule,
  type OccurrenceQuery,
  type PauseRequest,
  type PreviewRequest,
  type PutScheduleOptions,
  type ResumeRequest,
  type ScheduleQuery,
  type ScheduleTerms,
} from './schedule-requests.ts';
import {
  type DeletedSchedule,
  isDeletedSchedule,
  isOccurrencePage,
  isPausedSchedule,
  isPutSchedule,
  isSchedule,
  isScheduleBackfill,
  isSchedulePage,
  isSchedulePreview,
  type OccurrencePage,
  type PausedSchedule,
  type PutSchedule,
  type SchedulePage,
} from './schedule-shapes.ts';

/** The page size of a list that does not say one: the largest, for the fewest requests. */
const PAGE_SIZE = 200;

function at(method: string, key: string, action = ''): { method: string; path: string } {
  const path = keyInPath(`${method} /schedules/:key${action}`, key);
  return { method, path: `/schedules/${path}${action}` };
}

/**
 * Schedules: recurring timers under a key of your own. Calls are repeated like all others of the client, and each of them
 * leads to the same state when it is repeated.
 */
export class ScheduleClient {
  readonly #call: SendCall;
  readonly #identify: IdentifyCall;

  /** @internal */
  constructor(call: SendCall, identify: IdentifyCall) {
    this.#call = call;
    this.#identify = identify;
  }

  /**
   * Stores a schedule, or replaces the one that has the key. The same content changes nothing: it is safe at every start of
   * a program. Occurrences that are pending and not due yet are withdrawn and come back with the new content; `running`
   * names those that keep the old one.
   *
   * @param key 1 to 255 visible ASCII characters without spaces, unique among the schedules of this API key
   * @returns the schedule; `changed` and `withdrawn` tell what the last try has done
   * @throws {TimerError} `validation` with all issues; `limitReached`; `preconditionFailed` if a condition of the options
   *   does not hold: with `mayHaveSucceeded`, an earlier try itself may have changed the schedule
   */
  put(key: string, schedule: NewSchedule, options?: PutScheduleOptions): Promise<PutSchedule>;
  /**
   * Stores a schedule with a callback of this definition.
   *
   * @throws {PayloadError} if the payload is not valid
   * @throws {TimerError} as without a definition
   */
  put<Payload>(
    key: string,
    definition: Pick<CallbackDefinition<string, Payload>, 'toAsync'>,
    payload: NoInfer<Payload>,
    schedule: ScheduleTerms,
    options?: PutScheduleOptions,
  ): Promise<PutSchedule>;
  async put(
    key: string,
    second: NewSchedule | Pick<CallbackDefinition, 'toAsync'>,
    third?: unknown,
    fourth?: ScheduleTerms,
    fifth?: PutScheduleOptions,
  ): Promise<PutSchedule> {
    const typed = 'toAsync' in second;
    const options = (typed ? fifth : (third as PutScheduleOptions | undefined)) ?? {};
    const body = typed ? { ...fourth, callback: await second.toAsync(third) } : second;
    return this.#call(
      { ...at('PUT', key), body, shape: isPutSchedule, headers: conditionOf(options) },
      options,
    );
  }

  /**
   * Returns a schedule with all its fields.
   *
   * @throws {TimerError} `notFound`
   */
  async get(key: string, options: CallOptions = {}): Promise<Schedule> {
    return this.#call({ ...at('GET', key), shape: isSchedule }, options);
  }

  /** Returns the schedules that match, over all pages, in the order of their keys. `options` hold for each request. */
  list(query: ScheduleQuery = {}, options: CallOptions = {}): PagedList<ScheduleSummary, SchedulePage> {
    const { cursor: first, ...rest } = { limit: PAGE_SIZE, ...query };
    return new PagedList(
      'GET /schedules',
      (cursor) => this.listPage({ ...rest, cursor }, options),
      ({ schedules }) => schedules,
      first,
    );
  }

  /** Returns one page of a list of schedules: 50 by default, 200 at most. */
  async listPage(query: ScheduleQuery = {}, options: CallOptions = {}): Promise<SchedulePage> {
    const spec = { method: 'GET', path: '/schedules', query: queryString(query), shape: isSchedulePage };
    return this.#call(spec, options);
  }

  /**
   * Deletes a schedule and cancels its pending occurrences. When this resolves, none starts; `running` names those that are
   * executing.
   *
   * @returns what became of the occurrences; undefined if an earlier try of this call, whose response was lost, has deleted
   *   the schedule
   * @throws {TimerError} `notFound`
   */
  async delete(key: string, options: CallOptions = {}): Promise<DeletedSchedule | undefined> {
    try {
      return await this.#call({ ...at('DELETE', key), shape: isDeletedSchedule }, options);
    } catch (error) {
      if (error instanceof TimerError && error.mayHaveSucceeded && error.reason === 'schedule_not_found')
        return undefined;
      throw error;
    }
  }

  /**
   * Pauses a schedule and cancels its pending occurrences. When this resolves, none starts until it is resumed, by
   * {@link resume} or at `until`; {@link trigger} still works.
   *
   * @throws {TimerError} `notFound`
   */
  async pause(key: string, pause: PauseRequest = {}, options: CallOptions = {}): Promise<PausedSchedule> {
    return this.#call({ ...at('POST', key, '/pause'), body: pause, shape: isPausedSchedule }, options);
  }

  /**
   * Resumes a schedule. By default the occurrences of the pause are skipped.
   *
   * @throws {TimerError} `notFound`
   */
  async resume(key: string, resume: ResumeRequest = {}, options: CallOptions = {}): Promise<Schedule> {
    return this.#call({ ...at('POST', key, '/resume'), body: resume, shape: isSchedule }, options);
  }

  /**
   * Creates an occurrence now, also of a schedule that is paused.
   *
   * @returns the timer
   * @throws {TimerError} `notFound`; `idempotencyConflict` if `idempotencyKey` belongs to another request
   */
  async trigger(key: string, options: CreateOptions = {}): Promise<TimerSummary> {
    const call = at('POST', key, '/trigger');
    const headers = this.#identify(`${call.method} ${call.path}`, options);
    return this.#call({ ...call, body: {}, shape: isTimerSummary, headers }, options);
  }

  /**
   * Creates the occurrences of a time in the past that do not exist. With `dry_run` it only counts them.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `too_many_occurrences` for a range with more than 10,000
   */
  async backfill(key: string, range: BackfillRequest, options: CallOptions = {}): Promise<ScheduleBackfill> {
    const writes = range.dry_run !== true;
    const spec = { ...at('POST', key, '/backfill'), body: range, shape: isScheduleBackfill, writes };
    return this.#call(spec, options);
  }

  /**
   * Computes the next occurrences of a timing, and says it in plain words. Nothing is stored.
   *
   * @throws {TimerError} `validation` with all issues
   */
  async preview(timing: PreviewRequest, options: CallOptions = {}): Promise<SchedulePreview> {
    const path = '/schedules/preview';
    return this.#call(
      { method: 'POST', path, body: timing, shape: isSchedulePreview, writes: false },
      options,
    );
  }

  /**
   * Returns the occurrences of a schedule, over all pages, the newest first: timers, and runs of occurrences that were
   * skipped.
   */
  occurrences(
    key: string,
    query: OccurrenceQuery = {},
    options: CallOptions = {},
  ): PagedList<Occurrence, OccurrencePage> {
    const { cursor: first, ...rest } = { limit: PAGE_SIZE, ...query };
    return new PagedList(
      'GET /schedules/:key/occurrences',
      (cursor) => this.occurrencesPage(key, { ...rest, cursor }, options),
      ({ occurrences }) => occurrences,
      first,
    );
  }

  /**
   * Returns one page of occurrences: 50 by default, 200 at most.
   *
   * @throws {TimerError} `notFound`
   */
  async occurrencesPage(
    key: string,
    query: OccurrenceQuery = {},
    options: CallOptions = {},
  ): Promise<OccurrencePage> {
    const spec = { ...at('GET', key, '/occurrences'), query: queryString(query), shape: isOccurrencePage };
    return this.#call(spec, options);
  }
}
