import type { ChangeResult } from '@timer-platform/database';
import { ApiError, timerNotFound } from '../http/api-error.ts';

/**
 * Returns the changed timer.
 *
 * @param verb names the change in the error message: "cannot update timer with status 'completed'"
 * @throws {ApiError} code 3 for an unknown timer, code 2 when its status does not allow the change
 */
export function changedTimer<Row>(result: ChangeResult<Row>, verb: string): Row {
  switch (result.outcome) {
    case 'changed':
      return result.timer;
    case 'not-found':
      throw timerNotFound();
    case 'wrong-state':
      throw new ApiError('validation', `cannot ${verb} timer with status '${result.status}'`);
  }
}
