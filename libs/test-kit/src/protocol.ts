import type { CallbackSelector } from './callback-selector.ts';
import type { DeliveryRecord } from './delivery.ts';
import type { ResponseStep } from './response-script.ts';

/** What the process of the engine is started with. */
export interface EngineOptions {
  /** Milliseconds since 1970. */
  readonly startAtMs: number;
  /** null: without NATS. program null: the installed one. */
  readonly nats: { readonly program: string | null } | null;
  /** Settings of the timer service, by the names of its environment variables. */
  readonly settings: Readonly<Record<string, string>>;
  readonly settleTimeoutMs: number;
  /** Whether the test wants to be waited for at each instant. */
  readonly waitsForTest: boolean;
  /** Where PostgreSQL keeps its data; shared by all kits that name the same directory. */
  readonly directory: string | null;
}

/** Where the parts of the kit are. */
export interface EngineAddresses {
  readonly url: string;
  readonly apiKey: string;
  readonly databaseUrl: string;
  readonly receiverUrl: string;
  /** null: the kit was started without NATS. */
  readonly natsUrl: string | null;
}

/** A stored timer. */
export interface ScheduledTimer {
  readonly id: string;
  readonly status: string;
  readonly execute_at: string;
  /** When the next attempt is due. */
  readonly due_at: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly key: string | null;
  readonly metadata: unknown;
  readonly callback: {
    readonly type: string;
    readonly url?: string;
    readonly topic?: string;
    readonly key?: string | null;
    readonly headers?: Readonly<Record<string, string>> | null;
    readonly payload?: unknown;
  };
}

/** The calls to the engine: parameters and result. */
export interface EngineCalls {
  start: [EngineOptions, EngineAddresses];
  /** Moves the time to an instant, or with null to the last instant at which something is due. Returns the time. */
  moveTo: [{ readonly toMs: number | null; readonly maxDeliveries: number }, number];
  respond: [
    { readonly script: number; readonly selector: CallbackSelector; readonly steps: readonly ResponseStep[] },
    null,
  ];
  pending: [null, readonly ScheduledTimer[]];
  reset: [{ readonly startAtMs: number }, null];
  stop: [null, null];
}
export type EngineMethod = keyof EngineCalls;

export type ToEngine =
  /** What {@link FromEngine} `settle` asked for has been done; error: it has failed. */
  | { readonly kind: 'settled'; readonly id: number; readonly error: string | null }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly method: EngineMethod;
      readonly parameters: unknown;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly step: ResponseStep };

export type FromEngine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'deliveries'; readonly records: readonly DeliveryRecord[] }
  | {
      readonly kind: 'results';
      readonly results: readonly { readonly index: number; readonly result: DeliveryRecord['result'] }[];
    }
  /** A function of the test chooses the response: the n-th of a script. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly script: number;
      readonly step: number;
      readonly delivery: DeliveryRecord;
    }
  /** The deliveries of an instant have been made: the test may wait for more. */
  | { readonly kind: 'settle'; readonly id: number }
  | { readonly kind: 'time'; readonly nowMs: number };
