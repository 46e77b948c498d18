import type { ErrorReason } from '@timer-platform/callback-types';
import type { ChangeResult } from '@timer-platform/database';
import { errorOf, timerNotFound } from '../http/api-error.ts';

/** Why each change is rejected in the wrong state. */
const REASONS = {
  update: 'not_pending',
  cancel: 'not_pending',
  run: 'not_pending',
  retry: 'not_failed',
} as const satisfies Record<string, ErrorReason>;

/**
 * Returns the changed timer.
 *
 * @param verb names the change in the error message: "cannot update timer with status 'completed'"
 * @throws {ApiError} code 3 for an unknown timer, code 2 when its status does not allow the change
 */
export function changedTimer<Row>(result: ChangeResult<Row>, verb: keyof typeof REASONS): Row {
  switch (result.outcome) {
    case 'changed':
      return result.timer;
    case 'not-found':
      throw timerNotFound();
    case 'key-in-use':
      throw errorOf('key_in_use', `cannot ${verb} timer: another unfinished timer has its key`);
    case 'wrong-state':
      throw errorOf(REASONS[verb], `cannot ${verb} timer with status '${result.status}'`, {
        timerStatus: result.status,
      });
  }
}
