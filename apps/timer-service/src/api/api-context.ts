import type { CallbackConfig } from '@timer-platform/callback-types';
import type { Database, HeaderKeys } from '@timer-platform/database';
import type { Clock } from '../clock.ts';
import type { ApiSettings } from './api-settings.ts';

/** Text for Prometheus, and its content type. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** Tells why a callback may not be stored, if it may not. */
export type RejectCallback = (callback: CallbackConfig) => string | undefined;

/** What the routes work with. */
export interface ApiContext {
  readonly db: Database;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  /** Tells the dispatcher of this process that a timer is due at this instant (milliseconds since 1970), or now. */
  readonly wake: (dueAtMs?: number) => void;
  readonly refuseDestination: RejectCallback;
  /** Encrypt and decrypt the headers of callbacks in their rows. */
  readonly headerKeys: HeaderKeys;
}
