import type {
  Attempt,
  Dispatcher,
  Forecast,
  OperatorAction,
  Stats,
  Timer,
  TimerState,
  TimerSummary,
} from '@timer-platform/callback-types';
import type { CallbackDefinition } from '../callbacks/define-callback.ts';
import { BulkClient } from './bulk-client.ts';
import { type ActionPage, isActionPage, isUndoResult, type UndoResult } from './bulk-shapes.ts';
import { type Call, runCall } from './call.ts';
import type { CallSpec } from './call-spec.ts';
import { DestinationClient } from './destination-client.ts';
import { TimerError } from './errors.ts';
import { isDispatcherList, isForecast, isStats } from './operation-shapes.ts';
import {
  type CallOptions,
  type ClientOptions,
  type CreateOptions,
  DEFAULT_LIMITS,
  parseApiKey,
  parseBaseUrl,
  type ResolvedLimits,
  resolveLimits,
} from './options.ts';
import { PagedList } from './paged-list.ts';
import {
  type ActionQuery,
  checkId,
  checkIdempotencyKey,
  type ForecastRequest,
  instantText,
  invalidRequest,
  keyInPath,
  listParameters,
  type ListQuery,
  type NewTimer,
  queryString,
  serializeBody,
  type TimerChanges,
} from './requests.ts';
import {
  isAttemptList,
  isBatchOf,
  isCanceled,
  isTimer,
  isTimerPage,
  isTimerSummary,
  type TimerPage,
} from './response-shapes.ts';
import { type Fetch, type Runtime, systemRuntime } from './runtime.ts';
import { ScheduleClient } from './schedule-client.ts';

/** Timers of one batch. */
const MAX_BATCH = 1_000;
/** The page size of a list that does not say one: the largest, for the fewest requests. */
const PAGE_SIZE = 200;

/** What makes a callback of a payload: a definition of `defineCallback`. */
export type Sendable<Payload> = Pick<CallbackDefinition<string, Payload>, 'toAsync'>;

/** A list of timers over all its pages. */
export type TimerList = PagedList<TimerSummary, TimerPage>;

/** The audit log over all its pages. */
export type ActionList = PagedList<OperatorAction, ActionPage>;

/** When to deliver, and what else a timer has besides its callback. */
export type TimerTerms = Omit<NewTimer, 'callback'>;

/** Whether an earlier try, whose response was lost, has done what this error says can no longer be done. */
function wasDoneBefore(error: unknown, reason: string, states: readonly TimerState[]): boolean {
  if (!(error instanceof TimerError) || !error.mayHaveSucceeded || error.reason !== reason) return false;
  return states.some((state) => state === error.timerStatus);
}

function byKey(method: string, key: string): { method: string; path: string } {
  return { method, path: `/timers/by-key/${keyInPath(`${method} /timers/by-key/:key`, key)}` };
}

/**
 * A client of the HTTP API. Needs nothing but `fetch` and Web Crypto, keeps no connection, timer or state between calls,
 * and may be shared by the whole program.
 *
 * Every call settles once: with the result, or with a {@link TimerError}, within `deadlineMs`. Requests are sent again after
 * errors that may be transient (no response, 408, 429, 500, 502, 503, 504), with exponential backoff, full jitter and
 * regard to `Retry-After`. None stores anything twice by that: creates and `putByKey` have an `Idempotency-Key`, the other calls
 * lead to the same state when repeated.
 */
export class TimerClient {
  /** Recurring timers. */
  readonly schedules: ScheduleClient;
  /** Where callbacks go: what happens there, pauses and limits. */
  readonly destinations: DestinationClient;
  /** Changes of many timers by filter. */
  readonly bulk: BulkClient;
  readonly #baseUrl: string;
  readonly #apiKey: string;
  readonly #limits: ResolvedLimits;
  readonly #fetch: Fetch;
  readonly #runtime: Runtime;

  /**
   * @param runtime time and randomness, replaced only by tests
   * @throws {TypeError | RangeError} if an option is not valid
   */
  constructor(options: ClientOptions, runtime: Runtime = systemRuntime) {
    this.#baseUrl = parseBaseUrl(options.url);
    this.#apiKey = parseApiKey(options.apiKey);
    this.#limits = resolveLimits(options, DEFAULT_LIMITS);
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#runtime = runtime;
    this.destinations = new DestinationClient((spec, callOptions) => this.#call(spec, callOptions));
    this.bulk = new BulkClient((spec, callOptions) => this.#call(spec, callOptions), runtime.randomId);
    this.schedules = new ScheduleClient(
      (spec, callOptions) => this.#call(spec, callOptions),
      (label, callOptions) => this.#idempotency(label, callOptions),
    );
  }

  /**
   * Stores a timer. When this resolves, it is stored durably.
   *
   * @returns the timer; when a try was repeated, in its current state
   * @throws {TimerError} `validation` with all issues; `idempotencyConflict` if `idempotencyKey` belongs to another request
   */
  create(timer: NewTimer, options?: CreateOptions): Promise<TimerSummary>;
  /**
   * Stores a timer with a callback of this definition.
   *
   * @throws {PayloadError} if the payload is not valid
   * @throws {TimerError} as without a definition
   */
  create<Payload>(
    definition: Sendable<Payload>,
    payload: NoInfer<Payload>,
    timer: TimerTerms,
    options?: CreateOptions,
  ): Promise<TimerSummary>;
  async create(
    first: NewTimer | Sendable<unknown>,
    second?: unknown,
    third?: TimerTerms,
    fourth?: CreateOptions,
  ): Promise<TimerSummary> {
    if (!('toAsync' in first)) return this.#create(first, second as CreateOptions | undefined);
    return this.#create({ ...third, callback: await first.toAsync(second) }, fourth);
  }

  /**
   * Stores up to 1,000 timers, all or none, in a body of up to 4 MiB. For more, see {@link splitBatches}.
   *
   * @returns the timers in the order of the request
   * @throws {TimerError} `validation` for more than 1,000, and as {@link create}; `payloadTooLarge`
   */
  async createMany(timers: readonly NewTimer[], options: CreateOptions = {}): Promise<TimerSummary[]> {
    if (timers.length === 0) return [];
    if (timers.length > MAX_BATCH) {
      const message = `must have at most ${MAX_BATCH} items, got ${timers.length}: call createMany for each batch of splitBatches(timers)`;
      throw invalidRequest('POST /timers/batch', 'timers', message);
    }
    const shape = isBatchOf(timers.length);
    const spec = { method: 'POST', path: '/timers/batch', body: { timers }, shape };
    const data = await this.#call(
      { ...spec, headers: this.#idempotency('POST /timers/batch', options) },
      options,
    );
    return data.timers;
  }

  /**
   * Returns a timer with all its fields.
   *
   * @throws {TimerError} `notFound`
   */
  async get(id: string, options: CallOptions = {}): Promise<Timer> {
    return this.#call({ ...this.#timer('GET', id), shape: isTimer }, options);
  }

  /**
   * Returns the timers that match, over all pages: `for await (const timer of client.list({ status: 'failed' }))`. Nothing is
   * requested before the loop starts. `options` hold for each request.
   */
  list(query: ListQuery = {}, options: CallOptions = {}): TimerList {
    const { cursor: first, ...rest } = { limit: PAGE_SIZE, ...query };
    return new PagedList(
      'GET /timers',
      (cursor) => this.listPage({ ...rest, cursor }, options),
      ({ timers }) => timers,
      first,
    );
  }

  /**
   * Stores a timer under a key of your own, or replaces the pending one that has it: "remind order 42 later" is one call.
   * The replaced timer keeps its id and nothing else.
   *
   * @param key 1 to 255 visible ASCII characters without spaces, unique among the unfinished timers of this API key
   * @throws {TimerError} `validation`, with the reason `not_pending` while an attempt is in flight; `idempotencyConflict` if
   *   `idempotencyKey` belongs to another request
   */
  putByKey(key: string, timer: Omit<NewTimer, 'key'>, options?: CreateOptions): Promise<Timer>;
  /** Stores or replaces a timer with a callback of this definition. */
  putByKey<Payload>(
    key: string,
    definition: Sendable<Payload>,
    payload: NoInfer<Payload>,
    timer: Omit<TimerTerms, 'key'>,
    options?: CreateOptions,
  ): Promise<Timer>;
  async putByKey(
    key: string,
    second: Omit<NewTimer, 'key'> | Sendable<unknown>,
    third?: unknown,
    fourth?: Omit<TimerTerms, 'key'>,
    fifth?: CreateOptions,
  ): Promise<Timer> {
    if (!('toAsync' in second)) return this.#put(key, second, third as CreateOptions | undefined);
    return this.#put(key, { ...fourth, callback: await second.toAsync(third) }, fifth);
  }

  /**
   * Returns the unfinished timer with this key, or else the newest finished one.
   *
   * @throws {TimerError} `notFound`
   */
  async getByKey(key: string, options: CallOptions = {}): Promise<Timer> {
    return this.#call({ ...byKey('GET', key), shape: isTimer }, options);
  }

  /**
   * Cancels the pending timer with this key. When this resolves, no attempt starts.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_pending` when it is too late
   */
  async cancelByKey(key: string, options: CallOptions = {}): Promise<{ id: string; status: 'canceled' }> {
    const deadline = this.#deadline(options);
    try {
      return await this.#call({ ...byKey('DELETE', key), shape: isCanceled }, options);
    } catch (error) {
      if (!wasDoneBefore(error, 'not_pending', ['canceled'])) throw error;
      const { id } = await this.getByKey(key, { ...options, deadlineMs: deadline() });
      return { id, status: 'canceled' };
    }
  }

  /** Returns one page of a list: 50 timers by default, 200 at most. `next_cursor` is null on the last page. */
  async listPage(query: ListQuery = {}, options: CallOptions = {}): Promise<TimerPage> {
    return this.#call(
      { method: 'GET', path: '/timers', query: listParameters(query), shape: isTimerPage },
      options,
    );
  }

  /**
   * Changes a pending timer. When this resolves, no attempt starts with the old values.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_pending` when it is too late. If `mayHaveSucceeded`
   *   is true, the change itself may have come in time, and its response was lost
   */
  async update(id: string, changes: TimerChanges, options: CallOptions = {}): Promise<TimerSummary> {
    return this.#call({ ...this.#timer('PUT', id), body: changes, shape: isTimerSummary }, options);
  }

  /**
   * Cancels a pending timer. When this resolves, no attempt starts.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_pending` when it is too late
   */
  async cancel(id: string, options: CallOptions = {}): Promise<{ id: string; status: 'canceled' }> {
    try {
      return await this.#call({ ...this.#timer('DELETE', id), shape: isCanceled }, options);
    } catch (error) {
      if (wasDoneBefore(error, 'not_pending', ['canceled'])) return { id, status: 'canceled' };
      throw error;
    }
  }

  /**
   * Makes a pending timer due now.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_pending`
   */
  async run(id: string, options: CallOptions = {}): Promise<TimerSummary> {
    return this.#repeatable({ ...this.#timer('POST', id, '/run'), shape: isTimerSummary }, id, options, {
      reason: 'not_pending',
      after: ['executing', 'completed', 'failed'],
    });
  }

  /**
   * Makes a failed timer pending again, due now, with all the attempts of its policy.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_failed`
   */
  async retry(id: string, options: CallOptions = {}): Promise<TimerSummary> {
    return this.#repeatable({ ...this.#timer('POST', id, '/retry'), shape: isTimerSummary }, id, options, {
      reason: 'not_failed',
      after: ['pending', 'executing', 'completed'],
    });
  }

  /**
   * Returns the attempts of a timer that have ended.
   *
   * @throws {TimerError} `notFound`
   */
  async attempts(id: string, options: CallOptions = {}): Promise<Attempt[]> {
    const data = await this.#call({ ...this.#timer('GET', id, '/attempts'), shape: isAttemptList }, options);
    return data.attempts;
  }

  /** Returns how many timers there are, how late they are, and what the dispatchers did in the last hour. */
  async stats(options: CallOptions = {}): Promise<Stats> {
    return this.#call({ method: 'GET', path: '/stats', shape: isStats }, options);
  }

  /**
   * Returns how many timers become due when.
   *
   * @throws {TimerError} `validation` if the end is in the past, more than 31 days away, or gives more than 500 buckets
   */
  async forecast(request: ForecastRequest = {}, options: CallOptions = {}): Promise<Forecast> {
    const { until, ...rest } = request;
    const query = queryString({ ...rest, until: instantText('GET /forecast', 'until', until) });
    return this.#call({ method: 'GET', path: '/forecast', query, shape: isForecast }, options);
  }

  /** Returns the processes that deliver timers, oldest first. */
  async dispatchers(options: CallOptions = {}): Promise<Dispatcher[]> {
    const spec = { method: 'GET', path: '/dispatchers', shape: isDispatcherList };
    return (await this.#call(spec, options)).dispatchers;
  }

  /**
   * Returns the audit log over all its pages, newest first: what operators have changed. Nothing is requested before the
   * loop starts. `options` hold for each request.
   */
  actions(query: ActionQuery = {}, options: CallOptions = {}): ActionList {
    const { cursor: first, ...rest } = { limit: PAGE_SIZE, ...query };
    return new PagedList(
      'GET /actions',
      (cursor) => this.actionsPage({ ...rest, cursor }, options),
      ({ actions }) => actions,
      first,
    );
  }

  /** Returns one page of the audit log: 50 actions by default, 200 at most. `next_cursor` is null on the last page. */
  async actionsPage(query: ActionQuery = {}, options: CallOptions = {}): Promise<ActionPage> {
    const spec = { method: 'GET', path: '/actions', query: queryString(query), shape: isActionPage };
    return this.#call(spec, options);
  }

  /**
   * Undoes a cancellation or a reschedule of many timers, within 24 hours: those that nobody has changed since are as they
   * were. One request takes 5 s at most; while `more` is true, call it again. Needs a key of the role admin.
   *
   * @throws {TimerError} `notFound`; `validation` with the reason `not_undoable` or `already_undone`. If `mayHaveSucceeded`
   *   is true, an earlier try may have undone it, and its response was lost
   */
  async undo(id: string, options: CallOptions = {}): Promise<UndoResult> {
    const path = `/actions/${checkId('POST /actions/:id/undo', id)}/undo`;
    return this.#call({ method: 'POST', path, shape: isUndoResult }, options);
  }

  async #create(timer: NewTimer, options: CreateOptions = {}): Promise<TimerSummary> {
    const headers = this.#idempotency('POST /timers', options);
    return this.#call(
      { method: 'POST', path: '/timers', body: timer, shape: isTimerSummary, headers },
      options,
    );
  }

  async #put(key: string, timer: Omit<NewTimer, 'key'>, options: CreateOptions = {}): Promise<Timer> {
    const headers = this.#idempotency('PUT /timers/by-key/:key', options);
    return this.#call({ ...byKey('PUT', key), body: timer, shape: isTimer, headers }, options);
  }

  /** A transition that an earlier try may have made: then the states that follow it are a success. */
  async #repeatable(
    spec: CallSpec<TimerSummary>,
    id: string,
    options: CallOptions,
    done: { readonly reason: string; readonly after: readonly TimerState[] },
  ): Promise<TimerSummary> {
    const deadline = this.#deadline(options);
    try {
      return await this.#call(spec, options);
    } catch (error) {
      if (!wasDoneBefore(error, done.reason, done.after)) throw error;
      return await this.get(id, { ...options, deadlineMs: deadline() });
    }
  }

  /** Starts the time limit of a call of several requests. The function returns what is left of it, in milliseconds. */
  #deadline(options: CallOptions): () => number {
    const { deadlineMs } = resolveLimits(options, this.#limits);
    const endsAt = this.#runtime.monotonicMs() + deadlineMs;
    return () => Math.max(1, Math.ceil(endsAt - this.#runtime.monotonicMs()));
  }

  #timer(method: string, id: string, action = ''): { method: string; path: string } {
    return { method, path: `/timers/${checkId(`${method} /timers/:id${action}`, id)}${action}` };
  }

  #idempotency(label: string, { idempotencyKey }: CreateOptions): { 'idempotency-key': string } {
    const key = idempotencyKey ?? this.#runtime.randomId();
    return { 'idempotency-key': checkIdempotencyKey(label, key) };
  }

  async #call<Data>(spec: CallSpec<Data>, options: CallOptions): Promise<Data> {
    const { method, path, query = '', body, shape, headers, writes = method !== 'GET' } = spec;
    const label = `${method} ${path}`;
    const call: Call<Data> = {
      request: {
        label,
        method,
        url: `${this.#baseUrl}${path}${query}`,
        headers: {
          accept: 'application/json',
          'user-agent': 'timer-platform-client',
          'x-api-key': this.#apiKey,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : serializeBody(label, body),
      },
      shape,
      writes,
      limits: resolveLimits(options, this.#limits),
      signal: options.signal,
    };
    return runCall(call, { fetch: this.#fetch, runtime: this.#runtime });
  }
}

/**
 * Creates a client. Reads nothing from the environment.
 *
 * @throws {TypeError | RangeError} if an option is not valid
 *
 * @example
 * const client = createClient({ url: 'https://timers.example.com', apiKey });
 * const { id } = await client.create({
 *   delay: '15m',
 *   callback: { type: 'http', url: 'https://shop.example/reminders', payload: { cart: 42 } },
 * });
 * await client.cancel(id);
 */
export function createClient(options: ClientOptions): TimerClient {
  return new TimerClient(options);
}
