import type { CallbackType } from '@timer-platform/callback-types';
import type { Delivery, Outcome, StoredCallback, Transport } from '../../transports/transport.ts';

export const DELIVERED: Outcome = { kind: 'delivered', statusCode: 200 };

export interface Sent {
  readonly timerId: string;
  readonly payload: string | null;
  readonly destination: string;
  /** This machine's clock, which is also the test database's, in milliseconds since 1970. */
  readonly atMs: number;
}

/** A transport that sends nothing and answers what the test says: the dispatcher is under test, not delivery. */
export class ScriptedTransport<Type extends CallbackType> implements Transport<Type> {
  readonly sent: Sent[] = [];
  readonly #destinationOf: (callback: StoredCallback<Type>) => string;
  readonly #waiting = new Set<() => void>();
  /** Decides how a delivery ends; may take its time. */
  answer: (sent: Sent) => Outcome | Promise<Outcome> = () => DELIVERED;

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
    for (const look of this.#waiting) look();
    return this.answer(sent);
  }

  /** Resolves when something sent fulfils the condition. */
  async until(isEnough: (sent: readonly Sent[]) => boolean): Promise<void> {
    if (isEnough(this.sent)) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isEnough(this.sent)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
