/**
 * Conditions on the state from which a transition starts, for statements that find their timers by id.
 *
 * The concatenation keeps the planner from using a partial index. It would match `status = 'executing'` to the predicate
 * of the index, and a plan made while that index is empty scans all of it for each timer later: settling a thousand
 * timers was measured a hundred times slower. With the concatenation, it can only use the primary key.
 */
export const IS_PENDING = `timers.status || '' = 'pending'`;
export const IS_EXECUTING = `timers.status || '' = 'executing'`;
export const IS_FAILED = `timers.status || '' = 'failed'`;
