import type { ChangeResult, TimerSummaryRow } from '@timer-platform/database';
import { ApiError, timerNotFound } from '../http/api-error.ts';

/**
 * The timer that a change left.
 *
 * @param verb what was to be done with it, for the message of a refusal: "cannot update timer with status 'completed'"
 * @throws {ApiError} code 3 when there is no such timer, code 2 when its state does not allow the change
 */
export function changedTimer(result: ChangeResult, verb: string): TimerSummaryRow {
  switch (result.outcome) {
    case 'changed':
      return result.timer;
    case 'not-found':
      throw timerNotFound();
    case 'wrong-state':
      throw new ApiError('validation', `cannot ${verb} timer with status '${result.status}'`);
  }
}
