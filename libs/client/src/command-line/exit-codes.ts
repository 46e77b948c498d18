import type { AnyTimerError } from '../client/errors.ts';

/** Exit codes of `timer`: one for each thing that a script does next. */
export const EXIT_CODE = {
  ok: 0,
  /** An unexpected error, or the answer to a question was no. */
  failed: 1,
  /** Wrong arguments or settings; nothing was sent. */
  usage: 2,
  /** There is no such timer, schedule or action. */
  notFound: 3,
  /** The API key is wrong, or its role does not allow the command. */
  access: 4,
  /** The service refused the request: it is invalid, or too late. */
  refused: 5,
  /** No answer, or a passing failure, after all retries: try again later. */
  unavailable: 6,
  /** `verify-signature`: the message must not be trusted. */
  notVerified: 7,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];

export function exitCodeOf({ kind }: AnyTimerError): ExitCode {
  switch (kind) {
    case 'notFound':
      return EXIT_CODE.notFound;
    case 'unauthorized':
    case 'forbidden':
      return EXIT_CODE.access;
    case 'validation':
    case 'payloadTooLarge':
    case 'unsupportedMediaType':
    case 'idempotencyConflict':
    case 'keyInUse':
    case 'preconditionFailed':
    case 'limitReached':
    case 'methodNotAllowed':
    case 'unknown':
      return EXIT_CODE.refused;
    case 'internal':
    case 'rateLimited':
    case 'network':
    case 'timeout':
    case 'badResponse':
      return EXIT_CODE.unavailable;
    case 'aborted':
      return EXIT_CODE.failed;
  }
}
