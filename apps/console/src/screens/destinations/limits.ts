import type { UpdateDestinationRequest } from '@timer-platform/callback-types';

/** What was typed into the fields of the limits. */
export interface TypedLimits {
  readonly rate: string;
  readonly inFlight: string;
}

export interface CheckedLimits {
  /** Absent when a field is wrong. */
  readonly limits?: Required<UpdateDestinationRequest>;
  readonly rateError?: string;
  readonly inFlightError?: string;
}

/** The limits that were typed; an empty field is no limit. The service checks the bounds. */
export function checkLimits({ rate, inFlight }: TypedLimits): CheckedLimits {
  const ratePerSecond = parse(rate);
  const maxInFlight = parse(inFlight);
  const rateWrong = Number.isNaN(ratePerSecond);
  const inFlightWrong = maxInFlight !== null && !Number.isInteger(maxInFlight);
  if (!rateWrong && !inFlightWrong)
    return { limits: { rate_per_second: ratePerSecond, max_in_flight: maxInFlight } };
  return {
    ...(rateWrong ? { rateError: 'Must be a number above 0, such as 50 or 0.5' } : {}),
    ...(inFlightWrong ? { inFlightError: 'Must be a whole number above 0' } : {}),
  };
}

/** null: empty; NaN: no number above 0 */
function parse(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const value = /^\d+(?:\.\d+)?$/.test(trimmed) ? Number(trimmed) : NaN;
  return value > 0 ? value : NaN;
}
