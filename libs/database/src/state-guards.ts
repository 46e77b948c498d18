/**
 * Conditions on the state from which a transition starts, for statements that find their timers by id.
 *
 * The concatenation keeps the planner from using a partial index. It would match `status = 'executing'` to the predicate
 * of the index, and a plan made while that index is empty scans all of it for each timer later: settling a thousand
 * timers was measured a hundred times slower. With the concatenation, it can only use the primary key.
 */
export const IS_PENDING = `timers.status || '' = 'pending'`;
export const IS_FAILED = `timers.status || '' = 'failed'`;

/**
 * Pending and not claimed, for statements that change one timer. The function locks the row before it reads the claims,
 * so that no claim can come in between; a condition of the statement itself would read those of its own start.
 */
export const IS_UNCLAIMED = `${IS_PENDING} AND lock_unclaimed_timer(timers.id)`;
