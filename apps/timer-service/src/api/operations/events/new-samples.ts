import { CALLBACK_TYPES, type LiveTimer } from '@timer-platform/callback-types';
import type { DispatcherRow, SampledTimer } from '@timer-platform/database';

/** Timers that one event may have. */
const MAX_TIMERS = 50;

function present(timer: SampledTimer): LiveTimer {
  return {
    ...timer,
    at: new Date(timer.at).toISOString(),
    callback_type: CALLBACK_TYPES.find((type) => type === timer.callback_type) ?? null,
  };
}

/** Finds what is new in the samples of the dispatchers, which it is given again and again. */
export class NewSamples {
  #known: ReadonlySet<string> | undefined;

  /** The newest timers that were in no sample before, oldest first. The first time: none. */
  after(rows: readonly DispatcherRow[]): LiveTimer[] {
    const known = this.#known;
    const sampled = rows.flatMap(({ report }) => report?.sample ?? []);
    const keyOf = ({ id, at }: SampledTimer): string => `${id} ${at}`;
    this.#known = new Set(sampled.map(keyOf));
    if (known === undefined) return [];
    return sampled
      .filter((timer) => !known.has(keyOf(timer)))
      .map(present)
      .sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
      .slice(-MAX_TIMERS);
  }
}
