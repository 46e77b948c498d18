import type { AnyCallback } from '../callbacks/define-callback.ts';
import type { CallbackHandler } from './callback-handler.ts';
import type { Registration } from './process-callback.ts';

/** The handlers of a receiver, by name. */
export class Registrations<Transaction> {
  readonly #byName = new Map<string, Registration<Transaction>>();

  /** @throws {TypeError} if the name has a handler */
  add(definition: AnyCallback, handler: CallbackHandler<unknown, Transaction>): void {
    const { name } = definition;
    if (typeof handler !== 'function')
      throw new TypeError(`The handler of callback "${name}" is not a function`);
    if (this.#byName.has(name))
      throw new TypeError(`Callback "${name}" has a handler already: give each definition a name of its own`);
    this.#byName.set(name, { definition, handler });
  }

  /**
   * The handler for a name.
   *
   * @param name undefined if the request does not tell: a timer that was stored with curl or SQL. The only handler then
   */
  find(name: string | undefined): Registration<Transaction> | undefined {
    if (name !== undefined) return this.#byName.get(name);
    return this.#byName.size === 1 ? this.#byName.values().next().value : undefined;
  }
}
