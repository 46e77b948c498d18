import { type PollDecision, PollPlanner, type PollRange, type RangeFound } from '../claim/poll-planner.ts';

/** A timer of the simulation. Instants are milliseconds since its start. */
export interface SimulatedTimer {
  /** When its transaction commits. */
  readonly storedMs: number;
  /** By the database's clock. */
  readonly dueMs: number;
  /** Whether the process is told of it. */
  readonly told: boolean;
}

export interface Simulation {
  readonly timers: readonly SimulatedTimer[];
  /** How long the claims take, in turn. */
  readonly claimMs: readonly number[];
  /** Steps of the database's clock: at which monotonic instant, and by how much. */
  readonly clockSteps?: readonly { readonly atMs: number; readonly byMs: number }[];
  readonly lookAheadMs?: number;
  /** Of each range: the most timers of a claim, and the most that are claimed and not due. */
  readonly batch?: number;
  readonly capacity?: { readonly recent: number; readonly backlog: number };
}

export interface SimulatedClaim {
  readonly timer: SimulatedTimer;
  readonly claimedMs: number;
  /** How long it had been stored and due, in milliseconds. */
  readonly waitedMs: number;
}

const END_AFTER_MS = 30_000;

/** Runs a planner against a table in memory until every timer is claimed. */
export function simulatePolls(simulation: Simulation): { claims: SimulatedClaim[]; polls: number } {
  const { timers, claimMs, clockSteps = [], lookAheadMs = 250, batch = 20 } = simulation;
  const capacity = simulation.capacity ?? { recent: 160, backlog: 40 };
  const databaseAt = (ms: number) =>
    clockSteps.reduce((nowMs, step) => (ms >= step.atMs ? nowMs + step.byMs : nowMs), ms);
  const planner = new PollPlanner(lookAheadMs, { databaseMs: databaseAt(0), monotonicMs: 0 });
  const claims: SimulatedClaim[] = [];
  const unclaimed = new Set(timers);
  const held = { recent: new Set<SimulatedTimer>(), backlog: new Set<SimulatedTimer>() };
  const toTell = timers.filter(({ told }) => told).sort((one, other) => one.storedMs - other.storedMs);
  const endMs = Math.max(0, ...timers.flatMap(({ storedMs, dueMs }) => [storedMs, dueMs])) + END_AFTER_MS;
  let nowMs = 0;
  let polls = 0;

  /** Advances the time, tells the planner of timers; stops early if it wants to poll earlier. */
  function advance(untilMs: number, mayStop: boolean): void {
    for (let next = toTell[0]; next !== undefined && next.storedMs <= untilMs; next = toTell[0]) {
      toTell.shift();
      nowMs = Math.max(nowMs, next.storedMs);
      if (planner.wake(next.dueMs) && mayStop) return;
    }
    nowMs = untilMs;
  }

  function release(): void {
    for (const timers of Object.values(held))
      for (const timer of timers) if (timer.dueMs <= databaseAt(nowMs)) timers.delete(timer);
  }

  /** What a claim takes from a range; the planner needs nothing else. */
  function claim(name: 'recent' | 'backlog', range: PollRange | undefined, startedMs: number): RangeFound {
    if (range === undefined) return { more: false, reachedMs: null };
    const limit = Math.min(batch, capacity[name] - held[name].size);
    const found = [...unclaimed]
      .filter(({ storedMs, dueMs }) => storedMs <= startedMs && dueMs >= range.fromMs && dueMs <= range.toMs)
      .filter(({ dueMs }) => dueMs <= databaseAt(startedMs) + lookAheadMs)
      .sort((one, other) => one.dueMs - other.dueMs)
      .slice(0, limit);
    for (const timer of found) {
      unclaimed.delete(timer);
      held[name].add(timer);
      claims.push({ timer, claimedMs: nowMs, waitedMs: nowMs - dueAt(timer) });
    }
    return { more: found.length >= limit, reachedMs: found.at(-1)?.dueMs ?? null };
  }

  /** When the timer was stored and due for good. */
  function dueAt({ storedMs, dueMs }: SimulatedTimer): number {
    const steps = clockSteps
      .filter(({ atMs, byMs }) => byMs < 0 && databaseAt(atMs) < dueMs)
      .map(({ atMs }) => atMs);
    const sinceMs = Math.max(storedMs, 0, ...steps.filter((atMs) => atMs <= nowMs));
    return sinceMs + Math.max(0, dueMs - databaseAt(sinceMs));
  }

  function poll(decision: Extract<PollDecision, { kind: 'poll' }>): void {
    const startedMs = nowMs;
    const took = claimMs[polls % claimMs.length] ?? 0;
    polls += 1;
    advance(startedMs + took, false);
    const recent = claim('recent', decision.recent, startedMs);
    const backlog = claim('backlog', decision.backlog, startedMs);
    const polledUpToMs = databaseAt(startedMs) + lookAheadMs;
    const later = [...unclaimed].filter(
      ({ storedMs, dueMs }) => storedMs <= startedMs && dueMs > polledUpToMs,
    );
    const nextDueMs = Math.min(...later.map(({ dueMs }) => dueMs));
    planner.recordPoll(decision, startedMs, {
      recent,
      backlog,
      polledUpToMs,
      nextDueMs: later.length === 0 || decision.recent === undefined || recent.more ? null : nextDueMs,
      endedMonotonicMs: nowMs,
    });
  }

  while (unclaimed.size > 0 && nowMs < endMs) {
    release();
    const decision = planner.next(
      { databaseMs: databaseAt(nowMs), monotonicMs: nowMs },
      {
        recent: held.recent.size <= capacity.recent - batch / 4,
        backlog: held.backlog.size <= capacity.backlog - batch / 4,
      },
    );
    if (decision.kind === 'poll') poll(decision);
    // At least the resolution of a timer; capacity that is freed ends a sleep as well.
    else advance(nowMs + Math.min(Math.max(decision.forMs, 1), 10), true);
  }
  return { claims, polls };
}
