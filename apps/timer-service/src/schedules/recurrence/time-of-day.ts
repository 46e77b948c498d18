import type { SearchBudget } from './search-budget.ts';

/** Numbers from 0 to 59, a bit for each: below 30 in `low`, the others in `high`. */
export interface SixtyBits {
  readonly low: number;
  readonly high: number;
}

/** Times of day: every combination of an hour, a minute and a second. */
export interface TimeOfDayPattern {
  /** A bit for each hour. */
  readonly hours: number;
  readonly minutes: SixtyBits;
  readonly seconds: SixtyBits;
}

const HALF = 30;
const ALL_OF_HALF = 2 ** HALF - 1;
const ALL_HOURS = 2 ** 24 - 1;

function hasBit({ low, high }: SixtyBits, number: number): boolean {
  return ((number < HALF ? low >> number : high >> (number - HALF)) & 1) === 1;
}

function hasAll({ low, high }: SixtyBits): boolean {
  return low === ALL_OF_HALF && high === ALL_OF_HALF;
}

/** The number of the lowest bit that is set. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function nextBit({ low, high }: SixtyBits, from: number): number | undefined {
  const below = from < HALF ? low & (ALL_OF_HALF << from) : 0;
  if (below !== 0) return lowestBit(below);
  const above = from < HALF ? high : high & (ALL_OF_HALF << (from - HALF));
  return above === 0 ? undefined : HALF + lowestBit(above);
}

function without(bits: SixtyBits, removed: SixtyBits): SixtyBits {
  return { low: bits.low & ~removed.low, high: bits.high & ~removed.high };
}

function hasHour(pattern: TimeOfDayPattern, hour: number): boolean {
  return ((pattern.hours >> hour) & 1) === 1;
}

function isWholeHour({ minutes, seconds }: TimeOfDayPattern): boolean {
  return hasAll(minutes) && hasAll(seconds);
}

/** Whether the pattern has every second of a day. */
export function isWholeDay(pattern: TimeOfDayPattern): boolean {
  return pattern.hours === ALL_HOURS && isWholeHour(pattern);
}

/** The first second of the hour, from `from`, that the pattern has and none of the exclusions. */
function nextInHour(
  pattern: TimeOfDayPattern,
  excluded: readonly TimeOfDayPattern[],
  from: number,
  budget: SearchBudget,
): number | undefined {
  const start = Math.floor(from / 60);
  for (let minute = start; minute < 60; minute += 1) {
    if (!hasBit(pattern.minutes, minute)) continue;
    if (!budget.spend(excluded.length)) return undefined;
    let { seconds } = pattern;
    for (const exclusion of excluded)
      if (hasBit(exclusion.minutes, minute)) seconds = without(seconds, exclusion.seconds);
    const second = nextBit(seconds, minute === start ? from % 60 : 0);
    if (second !== undefined) return minute * 60 + second;
  }
  return undefined;
}

/**
 * The first time of day, in seconds since midnight and from `from`, that the pattern has and none of the exclusions;
 * undefined if there is none on this day, or if the budget is used up.
 */
export function nextTimeOfDay(
  pattern: TimeOfDayPattern,
  exclusions: readonly TimeOfDayPattern[],
  from: number,
  budget: SearchBudget,
): number | undefined {
  const start = Math.floor(from / 3_600);
  for (let hour = start; hour < 24; hour += 1) {
    if (!hasHour(pattern, hour)) continue;
    if (!budget.spend(exclusions.length)) return undefined;
    const excluded = exclusions.filter((exclusion) => hasHour(exclusion, hour));
    if (excluded.some(isWholeHour)) continue;
    const second = nextInHour(pattern, excluded, hour === start ? from % 3_600 : 0, budget);
    if (second !== undefined) return hour * 3_600 + second;
  }
  return undefined;
}
