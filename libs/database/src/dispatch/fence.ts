import { IS_PENDING } from '../state-guards.ts';

/**
 * Which claims a statement may end: `ended` names timer, batch and token, $1 the dispatcher. The token tells the claim
 * from later ones of the same timer; the batch and its dispatcher tell it from one that another made with the same token
 * on a server that has lost commits.
 */
export const FENCE = `timers.id = ended.id AND ${IS_PENDING} AND timers.claims = ended.token
     AND EXISTS (SELECT FROM claim_batches WHERE claim_batches.id = ended.batch_id AND dispatcher = $1)`;
