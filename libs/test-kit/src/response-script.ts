import { parseDuration } from '@timer-platform/callback-types';
import type { Delivery } from './delivery.ts';

/** A response of the kit's receiver that needs no code. */
export interface FixedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The response is sent this much virtual time after the request, such as `45s`. */
  readonly after?: string;
}

/**
 * How the receiver responds: a status, a {@link FixedResponse}, `cut` (closes the connection without a response), `hang`
 * (never responds; the attempt ends at its time limit), or a function that chooses. A function that returns nothing
 * responds with 200.
 */
export type Response = FixedStep | ResponseFunction;
type FixedStep = number | FixedResponse | 'cut' | 'hang';
export type ResponseFunction = (delivery: Delivery) => FixedStep | undefined | Promise<FixedStep | undefined>;

/** A {@link Response} without code, as it is sent to another process. `ask`: code decides. */
export type ResponseStep =
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly afterMs: number;
    }
  | { readonly kind: 'cut' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'ask' };

export const OK: ResponseStep = { kind: 'respond', status: 200, headers: {}, body: '', afterMs: 0 };

/** @throws RangeError if the status or the delay is not valid */
export function responseStep(response: FixedStep | undefined): Exclude<ResponseStep, { kind: 'ask' }> {
  if (response === undefined) return OK as Extract<ResponseStep, { kind: 'respond' }>;
  if (response === 'cut' || response === 'hang') return { kind: response };
  const {
    status,
    headers = {},
    body = '',
    after,
  } = typeof response === 'number' ? { status: response } : response;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`A response must have a status from 200 to 599, got ${String(status)}`);
  const afterMs = after === undefined ? 0 : parseDuration(after);
  if (afterMs === undefined)
    throw new RangeError(`after must be a duration such as "45s" or "2m", got ${JSON.stringify(after)}`);
  return { kind: 'respond', status, headers, body, afterMs };
}

/** Whether no code of the test runs and the callback counts as delivered: nothing can change what is due next. */
export function isQuietSuccess(step: ResponseStep): boolean {
  return step.kind === 'respond' && step.afterMs === 0 && step.status < 300;
}
