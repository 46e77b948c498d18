/**
 * The state that a transition starts from, as a condition for statements that find their timers by id.
 *
 * The concatenation is there for the planner. Plain `status = 'executing'` would let it prove the predicate of a partial
 * index, and a plan made while that index was empty would walk all of it for each timer once it is not: settling a
 * thousand timers was measured a hundred times slower so. With it the primary key is the only way.
 */
export const IS_PENDING = `timers.status || '' = 'pending'`;
export const IS_EXECUTING = `timers.status || '' = 'executing'`;
export const IS_FAILED = `timers.status || '' = 'failed'`;
