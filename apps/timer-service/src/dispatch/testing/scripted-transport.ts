import type { CallbackType } from '@timer-platform/callback-types';
import type { Delivery, Outcome, StoredCallback, Transport } from '../../transports/transport.ts';

export const DELIVERED: Outcome = { kind: 'delivered', statusCode: 200 };

export interface Sent {
  readonly timerId: string;
  readonly payload: string | null;
  readonly destination: string;
  /** By this machine's clock, which the test database shares, in milliseconds since 1970. */
  readonly atMs: number;
}

/** A transport that sends nothing and returns the outcomes that the test defines. */
export class ScriptedTransport<Type extends CallbackType> implements Transport<Type> {
  readonly sent: Sent[] = [];
  readonly #destinationOf: (callback: StoredCallback<Type>) => string;
  readonly #waiting = new Set<() => void>();
  /** Returns the outcome of a delivery, or a promise of it. */
  respond: (sent: Sent) => Outcome | Promise<Outcome> = () => DELIVERED;

  constructor(destinationOf: (callback: StoredCallback<Type>) => string) {
    this.#destinationOf = destinationOf;
  }

  destinationOf(callback: StoredCallback<Type>): string {
    return this.#destinationOf(callback);
  }

  async send({ timerId, callback, payload }: Delivery<Type>): Promise<Outcome> {
    const atMs = performance.timeOrigin + performance.now();
    const sent = { timerId, payload, destination: this.#destinationOf(callback), atMs };
    this.sent.push(sent);
    for (const check of this.#waiting) check();
    return this.respond(sent);
  }

  /** Resolves when the deliveries so far fulfill the condition. */
  async until(isEnough: (sent: readonly Sent[]) => boolean): Promise<void> {
    if (isEnough(this.sent)) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!isEnough(this.sent)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
