import type { Database, HeaderKeys } from '@timer-platform/database';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../clock.ts';
import type { ApiKey, Role } from './auth/api-key.ts';
import type { ApiSettings } from './api-settings.ts';
import type { RejectCallback } from './timers/parse-timer-request.ts';

/** Text for Prometheus, and its content type. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

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

/** The server as routes see it: schemas are zod's. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a key needs for this route; admin where a route behind the keys does not say. */
    access?: Role;
  }
  interface FastifyRequest {
    /** The key that the request came with; null before it is checked and where none is needed. */
    apiKey: ApiKey | null;
  }
}
