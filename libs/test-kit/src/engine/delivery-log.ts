import { type CallbackSelector, type CallbackTarget, matches } from '../callback-selector.ts';
import type { DeliveryRecord } from '../delivery.ts';
import { isQuietSuccess, OK, type ResponseStep } from '../response-script.ts';

interface Script {
  readonly id: number;
  readonly selector: CallbackSelector;
  readonly steps: readonly ResponseStep[];
  next: number;
}

/** Numbers the deliveries, and knows how to respond to them. */
export class DeliveryLog {
  readonly #attempts = new Map<string, number>();
  #scripts: Script[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  number(record: Omit<DeliveryRecord, 'index' | 'attempt'>): DeliveryRecord {
    const attempt = (this.#attempts.get(record.id) ?? 0) + 1;
    this.#attempts.set(record.id, attempt);
    const index = this.#count;
    this.#count += 1;
    return { ...record, index, attempt };
  }

  /** Replaces earlier scripts for the same callbacks. */
  addScript(id: number, selector: CallbackSelector, steps: readonly ResponseStep[]): void {
    this.#scripts.unshift({ id, selector, steps, next: 0 });
  }

  /** The next response, and the script that it comes from. The last one of a script is repeated. */
  take(target: CallbackTarget): {
    readonly step: ResponseStep;
    readonly script: number;
    readonly index: number;
  } {
    const script = this.#scriptFor(target);
    if (script === undefined) return { step: OK, script: -1, index: 0 };
    const index = script.next;
    script.next = Math.min(script.next + 1, script.steps.length - 1);
    return { step: script.steps[index] ?? OK, script: script.id, index };
  }

  /** Whether this and every later delivery succeeds without code of the test. */
  isQuiet(target: CallbackTarget): boolean {
    const script = this.#scriptFor(target);
    const last = script?.steps[script.next];
    return (
      script === undefined ||
      last === undefined ||
      (script.next === script.steps.length - 1 && isQuietSuccess(last))
    );
  }

  clear(): void {
    this.#attempts.clear();
    this.#scripts = [];
    this.#count = 0;
  }

  #scriptFor(target: CallbackTarget): Script | undefined {
    return this.#scripts.find(({ selector }) => matches(selector, target));
  }
}
