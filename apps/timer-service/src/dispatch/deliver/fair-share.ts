/** What may be used at once, in total. */
export interface FlowLimits {
  /** Attempts under way. */
  readonly maxInFlight: number;
  readonly maxInFlightPerDestination: number;
  /** Due timers that wait in memory for a free slot. */
  readonly maxWaiting: number;
  /** Bytes of callbacks, waiting and under way. */
  readonly maxBytes: number;
}

/** What is used now, in total or by a part. */
export interface Usage {
  readonly inFlight: number;
  readonly waiting: number;
  readonly bytes: number;
}

/**
 * Dynamic thresholds: whoever uses a resource may use at most a multiple of what is still free. Many slow users then leave
 * a part for the others, without a limit that depends on their number, and one alone gets nearly everything.
 *
 * Source: Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM
 * Transactions on Networking 6 (1998).
 */
const ENDPOINT_SHARE = 2;
const ROUTE_SHARE = 4;
const WAITING_SHARE = 1;
const BYTES_SHARE = 2;

/** How many attempts may be under way to an endpoint. */
export function endpointLimit(limits: FlowLimits, total: Usage): number {
  const free = limits.maxInFlight - total.inFlight;
  return Math.min(limits.maxInFlightPerDestination, Math.max(1, ENDPOINT_SHARE * free));
}

/** Whether one more attempt may start. */
export function hasFreeSlot(
  limits: FlowLimits,
  total: Usage,
  endpoint: Usage,
  routeInFlight: number,
): boolean {
  if (total.inFlight >= limits.maxInFlight) return false;
  const free = endpointLimit(limits, total) - endpoint.inFlight;
  return free > 0 && routeInFlight < Math.max(1, ROUTE_SHARE * free);
}

/** How many timers of one route may wait. */
export function waitingLimit(limits: FlowLimits, total: Usage): number {
  return WAITING_SHARE * (limits.maxWaiting - total.waiting);
}

/** Whether an endpoint may hold these bytes too. One callback is always allowed. */
export function fitsInMemory(limits: FlowLimits, total: Usage, endpoint: Usage, bytes: number): boolean {
  return endpoint.bytes === 0 || endpoint.bytes + bytes <= BYTES_SHARE * (limits.maxBytes - total.bytes);
}
