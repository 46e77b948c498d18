import type { RetryPolicy } from '@timer-platform/callback-types';
import type { FormResult } from './problems.ts';
import { FieldReader, listOf, present } from './read-fields.ts';

/** The fields of a retry policy as they were typed. */
export interface RetryForm {
  /** Where the waits between attempts come from. */
  readonly waits: 'default' | 'delays' | 'exponential';
  readonly maxAttempts: string;
  /** `5s, 1m, 10m` */
  readonly delays: string;
  readonly initial: string;
  readonly factor: string;
  readonly max: string;
  readonly giveUpAfter: string;
}

export const DEFAULT_RETRY: RetryForm = {
  waits: 'default',
  maxAttempts: '',
  delays: '',
  initial: '',
  factor: '',
  max: '',
  giveUpAfter: '',
};

/** The policy of a request; undefined: that of the service. */
export function retryOf(form: RetryForm): FormResult<RetryPolicy | undefined> {
  const read = new FieldReader();
  const policy = present({
    max_attempts: read.number('max_attempts', form.maxAttempts),
    delays: form.waits === 'delays' ? listOf(form.delays, /[\s,]+/) : undefined,
    exponential:
      form.waits === 'exponential'
        ? present({
            initial: form.initial.trim(),
            // The service takes 2 if it is absent.
            factor: read.number('exponential.factor', form.factor) as number,
            max: form.max.trim(),
          })
        : undefined,
    give_up_after: read.text(form.giveUpAfter),
  });
  return {
    request: Object.keys(policy).length === 0 ? undefined : policy,
    problems: read.problems,
  };
}

/** The fields of a stored policy. */
export function formOfRetry(policy: RetryPolicy | null): RetryForm {
  if (policy === null) return DEFAULT_RETRY;
  const { max_attempts, delays, exponential, give_up_after } = policy;
  return {
    waits: delays !== undefined ? 'delays' : exponential !== undefined ? 'exponential' : 'default',
    maxAttempts: String(max_attempts ?? ''),
    delays: delays?.join(', ') ?? '',
    initial: exponential?.initial ?? '',
    factor: String(exponential?.factor ?? ''),
    max: exponential?.max ?? '',
    giveUpAfter: give_up_after ?? '',
  };
}
