import { createClient, type TimerClient } from '@timer-platform/client';
import { type Callback, describeSelector, matches, selectorOf } from './callback-selector.ts';
import { type Delivery, type DeliveryRecord, toDelivery } from './delivery.ts';
import { EngineClient, type EngineEvent } from './engine-client.ts';
import {
  describeMismatch,
  describePending,
  differences,
  ExpectationError,
  type ExpectedTimer,
  targetOf,
} from './expectation.ts';
import { type Instant, parseElapsed, parseInstant } from './parse-instant.ts';
import type { EngineAddresses, ScheduledTimer } from './protocol.ts';
import { type Response, type ResponseFunction, type ResponseStep, responseStep } from './response-script.ts';

/** How to start a {@link TestKit}. */
export interface TestKitOptions {
  /** The time at the start and after {@link TestKit.reset}. Default: 2030-01-01T00:00:00Z, a Tuesday. */
  readonly startAt?: Instant;
  /**
   * Starts a nats-server with JetStream and catches what is published. true takes the installed program: that of the
   * environment variable NATS_SERVER_BIN, or one in PATH. Default: false.
   */
  readonly nats?: boolean | { readonly program: string };
  /** Settings of the timer service by the names of its environment variables, such as `SIGNING_SECRETS`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Real time without any progress, in milliseconds, after which moving the time fails. Default: 10,000. */
  readonly settleTimeoutMs?: number;
  /**
   * Called after the deliveries of each instant; the time stands still until it resolves. Wait here for handlers that go
   * on after they have responded, such as consumers of NATS.
   */
  readonly settle?: (now: Date) => void | Promise<void>;
  /**
   * Where PostgreSQL keeps its data. By default in the temporary directory of the system, shared by all kits of the user:
   * the first start creates it, later ones are quicker.
   */
  readonly directory?: string;
}

const DEFAULT_START = '2030-01-01T00:00:00Z';
const DEFAULT_SETTLE_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_DELIVERIES = 100_000;

/**
 * A timer service on virtual time. The time stands still until it is moved; then everything that becomes due is delivered
 * at its instant, in order. Only {@link startTestKit} creates one.
 */
export class TestKit implements AsyncDisposable {
  readonly #engine: EngineClient;
  readonly #startAtMs: number;
  readonly #settle: TestKitOptions['settle'];
  readonly #records: DeliveryRecord[] = [];
  readonly #scripts: (readonly Response[])[] = [];
  #client: TimerClient | undefined;
  #addresses: EngineAddresses | undefined;
  #nowMs: number;
  /** Calls that move the time follow each other. */
  #moves: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  private constructor(startAtMs: number, settle: TestKitOptions['settle']) {
    this.#startAtMs = startAtMs;
    this.#settle = settle;
    this.#nowMs = startAtMs;
    this.#engine = new EngineClient((event) => {
      this.#on(event);
    });
  }

  /** @internal */
  static async start(options: TestKitOptions): Promise<TestKit> {
    const startAtMs = parseInstant(options.startAt ?? DEFAULT_START);
    const kit = new TestKit(startAtMs, options.settle);
    try {
      kit.#addresses = await kit.#engine.call('start', {
        startAtMs,
        nats: options.nats === undefined || options.nats === false ? null : toNats(options.nats),
        settings: options.settings ?? {},
        settleTimeoutMs: options.settleTimeoutMs ?? DEFAULT_SETTLE_TIMEOUT_MS,
        waitsForTest: options.settle !== undefined,
        directory: options.directory ?? null,
      });
    } catch (error) {
      await kit.#engine.close();
      throw error;
    }
    return kit;
  }

  /** A client of the service. */
  get client(): TimerClient {
    this.#client ??= createClient({ url: this.url, apiKey: this.apiKey });
    return this.#client;
  }

  /** Base URL of the API. */
  get url(): string {
    return this.#started.url;
  }

  /** A key with the role admin. */
  get apiKey(): string {
    return this.#started.apiKey;
  }

  /**
   * The database of the service, whose `now()` is the virtual time: for `schedule_timer` in a transaction of the code
   * under test. Contains a password.
   */
  get databaseUrl(): string {
    return this.#started.databaseUrl;
  }

  /** Where callbacks can be sent, besides to any host that is not this machine: both are caught. */
  get receiver(): { readonly url: string } {
    return { url: this.#started.receiverUrl };
  }

  /**
   * The NATS server.
   * @throws Error if the kit was started without `nats: true`
   */
  get natsUrl(): string {
    const { natsUrl } = this.#started;
    if (natsUrl === null) throw new Error('The test kit has no NATS server: start it with { nats: true }');
    return natsUrl;
  }

  /** The virtual time. Can be passed on as a function. */
  readonly now = (): Date => new Date(this.#nowMs);

  /**
   * Moves the time forward by a duration such as `30d`, or by milliseconds, and delivers everything that becomes due, each
   * at its instant and in order. Retries, and timers that handlers create, are delivered as well if they are due in time.
   *
   * @returns what was delivered
   * @throws RangeError if it is not a duration
   * @throws Error when nothing happens for too long; the message says what is under way
   */
  advance(duration: string | number): Promise<Delivery[]> {
    const ms = parseElapsed(duration);
    return this.#move(() => this.#nowMs + ms, DEFAULT_MAX_DELIVERIES);
  }

  /**
   * Like {@link advance}, up to an instant: a Date, or text such as `2030-03-31T03:30[Europe/Berlin]`.
   *
   * @throws RangeError if it is not an instant, or earlier than now
   */
  setTime(instant: Instant): Promise<Delivery[]> {
    const ms = parseInstant(instant);
    return this.#move(() => ms, DEFAULT_MAX_DELIVERIES);
  }

  /**
   * Moves the time from one due instant to the next until no timer is pending. The time is then that of the last of them.
   *
   * @throws Error after `maxDeliveries` attempts, 100,000 by default: a handler may schedule the next timer each time
   */
  runUntilIdle({ maxDeliveries = DEFAULT_MAX_DELIVERIES } = {}): Promise<Delivery[]> {
    return this.#move(() => null, maxDeliveries);
  }

  /** What has been delivered to the kit so far, in order: everything, or the deliveries of one callback. */
  deliveries(callback?: Callback): Delivery[] {
    const selector = selectorOf(callback);
    return this.#records.filter((record) => matches(selector, record)).map(toDelivery);
  }

  /**
   * Chooses the responses to the next deliveries of a callback, one after the other; the last one is repeated. Replaces
   * what was chosen before. Without it, the receiver responds with 200.
   *
   * @throws RangeError if there is no response, or one is not valid
   */
  async respond(callback: Callback, ...responses: readonly Response[]): Promise<void> {
    if (responses.length === 0) throw new RangeError('respond() needs at least one response, such as 503');
    const steps = responses.map((response): ResponseStep =>
      typeof response === 'function' ? { kind: 'ask' } : responseStep(response),
    );
    this.#scripts.push(responses);
    await this.#engine.call('respond', {
      script: this.#scripts.length - 1,
      selector: selectorOf(callback),
      steps,
    });
  }

  /** The pending timers, up to 10,000, in due order. */
  async scheduled(callback?: Callback): Promise<ScheduledTimer[]> {
    const selector = selectorOf(callback);
    const timers = await this.#engine.call('pending', null);
    return timers.filter((timer) => matches(selector, targetOf(timer)));
  }

  /**
   * Expects a pending timer, and returns it: the first in due order that is as expected.
   *
   * @throws {ExpectationError} if there is none; the message lists what is scheduled instead
   */
  async expectScheduled(callback: Callback, expected: ExpectedTimer = {}): Promise<ScheduledTimer> {
    const selector = selectorOf(callback);
    const timers = await this.#engine.call('pending', null);
    const candidates = timers.filter((timer) => matches(selector, targetOf(timer)));
    const found = candidates.find((timer) => differences(timer, expected, this.#nowMs).length === 0);
    if (found !== undefined) return found;
    throw new ExpectationError(
      describeMismatch(describeSelector(selector), candidates, timers, expected, this.#nowMs),
    );
  }

  /** @throws {ExpectationError} if a timer is pending, of this callback if one is given; the message lists them */
  async expectNothingScheduled(callback?: Callback): Promise<void> {
    const timers = await this.scheduled(callback);
    if (timers.length === 0) return;
    throw new ExpectationError(
      [
        `Expected no pending timer for ${describeSelector(selectorOf(callback))}.`,
        ...describePending(timers),
      ].join('\n'),
    );
  }

  /**
   * Deletes all timers, deliveries and responses, and sets the time back to that of the start. Addresses stay the same.
   * For `beforeEach`: much quicker than a new kit.
   */
  async reset(options: { readonly startAt?: Instant } = {}): Promise<void> {
    const startAtMs = options.startAt === undefined ? this.#startAtMs : parseInstant(options.startAt);
    await this.#inTurn(() => this.#engine.call('reset', { startAtMs }));
    this.#records.length = 0;
    this.#scripts.length = 0;
    this.#nowMs = startAtMs;
  }

  /** Stops the service and deletes its database. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#engine.close();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #started(): EngineAddresses {
    if (this.#addresses === undefined) throw new Error('The test kit has not started');
    return this.#addresses;
  }

  async #move(toMs: () => number | null, maxDeliveries: number): Promise<Delivery[]> {
    const from = await this.#inTurn(async () => {
      const before = this.#records.length;
      this.#nowMs = await this.#engine.call('moveTo', { toMs: toMs(), maxDeliveries });
      return before;
    });
    return this.#records.slice(from).map(toDelivery);
  }

  async #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    const turn = this.#moves.then(call);
    this.#moves = turn.catch(() => undefined);
    return turn;
  }

  #on(event: EngineEvent): void {
    switch (event.kind) {
      case 'deliveries':
        this.#records.push(...event.records);
        break;
      case 'results':
        for (const { index, result } of event.results) {
          const record = this.#records[index];
          if (record !== undefined) record.result = result;
        }
        break;
      case 'time':
        this.#nowMs = event.nowMs;
        break;
      case 'settle':
        void this.#settled(event.id);
        break;
      case 'ask':
        void this.#answer(event.id, this.#scripts[event.script]?.[event.step], event.delivery);
        break;
    }
  }

  async #settled(id: number): Promise<void> {
    let error: string | null = null;
    try {
      await this.#settle?.(this.now());
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    this.#engine.post({ kind: 'settled', id, error });
  }

  /** A function that throws is a handler that crashes: the receiver responds with 500. */
  async #answer(id: number, response: Response | undefined, delivery: DeliveryRecord): Promise<void> {
    let step: ResponseStep;
    try {
      step = responseStep(await (response as ResponseFunction)(toDelivery(delivery)));
    } catch (error) {
      step = responseStep({ status: 500, body: String(error) });
    }
    this.#engine.post({ kind: 'answer', id, step });
  }
}

function toNats(nats: true | { readonly program: string }): { readonly program: string | null } {
  return nats === true ? { program: null } : { program: nats.program };
}

/**
 * Starts a timer service on virtual time, with a database of its own and receivers that catch what it delivers.
 *
 * @throws Error when PostgreSQL cannot run here, a setting is not valid, or nats-server is missing; the message says what
 *   to do
 * @example
 * await using kit = await startTestKit({ startAt: '2030-01-01T00:00:00Z' });
 * await kit.client.create({ delay: '3d', callback: { type: 'http', url: 'https://shop.example/reminders' } });
 * await kit.advance('3d');
 * kit.deliveries('/reminders').length; // 1
 */
export function startTestKit(options: TestKitOptions = {}): Promise<TestKit> {
  return TestKit.start(options);
}
