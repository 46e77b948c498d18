import { DUE_AT } from '../sql-fragments.ts';

/**
 * The status of a timer as clients see it: a claimed one is executing. Only a timer that is due within the longest
 * look-ahead can be claimed, so that nothing is looked up for the others.
 */
export const CURRENT_STATUS = `CASE
     WHEN timers.status = 'pending' AND ${DUE_AT} <= clock_timestamp() + interval '10 seconds' AND EXISTS (
       SELECT FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token)
       WHERE due_to >= ${DUE_AT} AND due_from <= ${DUE_AT} AND claim.id = timers.id AND claim.token = timers.claims)
     THEN 'executing' ELSE timers.status END`;
