import type { CallbackConfig } from '@timer-platform/callback-types';
import type { Database, HeaderKeys } from '@timer-platform/database';
import type { Clock } from '../clock.ts';
import type { ApiSettings } from './api-settings.ts';

/** Metrics in the Prometheus text format. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Returns why a callback must not be stored, or undefined if it may be.
 *
 * @param payloadBytes returns the length of the payload as it is delivered; it prints the payload
 */
export type CallbackCheck = (callback: CallbackConfig, payloadBytes: () => number) => string | undefined;

/** The dependencies of the routes. */
export interface ApiContext {
  readonly db: Database;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  /** Notifies the dispatcher of this process of a timer that is due at this Unix time in milliseconds, or now. */
  readonly wake: (dueAtMs?: number) => void;
  /** Notifies the dispatcher of this process that a schedule was stored or changed. */
  readonly wakeSchedules: () => void;
  readonly checkCallback: CallbackCheck;
  /** Returns why this process cannot deliver timers, or undefined; /healthz reports it. */
  readonly dispatchProblem: () => string | undefined;
  /** Keys that encrypt and decrypt the headers of stored callbacks. */
  readonly headerKeys: HeaderKeys;
  /** How long finished timers are kept, in milliseconds; undefined: for ever, as far as this process knows. */
  readonly finishedForMs: number | undefined;
}
