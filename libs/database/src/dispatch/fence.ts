import { IS_PENDING } from '../state-guards.ts';

/**
 * Which claims a statement may end: `ended` names timer, batch and token, $1 the dispatcher, $3 the batches. The token
 * tells the claim from later ones of the same timer; the batch and its dispatcher tell it from one that another made with
 * the same token on a server that has lost commits.
 *
 * The batches are looked up once, not for each timer: that was a fifteenth of the cost of a settle. IS NOT DISTINCT FROM
 * keeps the planner from the index on dispatchers, where every ended batch is read until it is vacuumed.
 */
export const FENCE = `timers.id = ended.id AND ${IS_PENDING} AND timers.claims = ended.token
     AND ended.batch_id = ANY (ARRAY(
       SELECT claim_batches.id FROM claim_batches
       WHERE claim_batches.id = ANY ($3::bigint[]) AND claim_batches.dispatcher IS NOT DISTINCT FROM $1))`;
