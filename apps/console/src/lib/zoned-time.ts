import { localParts } from './format-instant.ts';

/** A local time as it was typed, and which of the two instants it means where clocks were set back. */
export interface LocalTime {
  /** `2030-01-31T09:00:00`, as in an input of the type datetime-local; '' when nothing was typed. */
  readonly text: string;
  readonly pass: 'first' | 'second';
}

export const NO_TIME: LocalTime = { text: '', pass: 'first' };

/** What a local time means in a zone. */
export type ResolvedTime =
  | { readonly kind: 'unset' }
  | { readonly kind: 'invalid'; readonly problem: string }
  /** Milliseconds since the epoch. `passes` has two instants where the local time comes twice. */
  | { readonly kind: 'instant'; readonly at: number; readonly passes: readonly number[] };

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/;
const DAY = 86_400_000;

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
export function offsetAt(instant: number, zone: string): number {
  return clockOf(instant, zone) - instant;
}

/** What the clocks of a zone show, as if it were UTC. */
function clockOf(instant: number, zone: string): number {
  const { date, minute, second, millisecond } = localParts(instant, zone);
  return Date.parse(`${date}T${minute}:${second}.${millisecond}Z`);
}

/** Finds the instant of a local time. Where clocks go forward there is none, where they go back there are two. */
export function resolveLocalTime({ text, pass }: LocalTime, zone: string): ResolvedTime {
  if (text.trim() === '') return { kind: 'unset' };
  const clock = readClock(text.trim());
  if (clock === undefined)
    return { kind: 'invalid', problem: 'is no date and time such as 2030-01-31 09:00:00' };
  const passes: number[] = [];
  try {
    // The offsets before and after any change of the clocks near it.
    for (const offset of new Set([offsetAt(clock - DAY, zone), offsetAt(clock + DAY, zone)])) {
      const instant = clock - offset;
      if (clockOf(instant, zone) === clock) passes.push(instant);
    }
  } catch {
    return { kind: 'invalid', problem: `this browser knows no time zone ${zone}` };
  }
  passes.sort((a, b) => a - b);
  const at = (pass === 'second' ? passes.at(-1) : undefined) ?? passes[0];
  if (at === undefined)
    return { kind: 'invalid', problem: `does not exist in ${zone}: clocks go forward over it` };
  return { kind: 'instant', at, passes };
}

function readClock(text: string): number | undefined {
  const match = LOCAL.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second = '00', fraction = ''] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}Z`;
  const clock = Date.parse(iso);
  // Date.parse reads February 30 as March 2.
  return !Number.isNaN(clock) && new Date(clock).toISOString() === iso ? clock : undefined;
}

/** The local time of an instant, so that {@link resolveLocalTime} finds the same instant. */
export function localTimeOf(instant: number, zone: string): LocalTime {
  const { date, minute, second, millisecond } = localParts(instant, zone);
  const text = `${date}T${minute}:${second}${millisecond === '000' ? '' : `.${millisecond}`}`;
  const first = resolveLocalTime({ text, pass: 'first' }, zone);
  return { text, pass: first.kind === 'instant' && first.at !== instant ? 'second' : 'first' };
}
