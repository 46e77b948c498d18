import { backoffMs, isTransient, isUncertain } from './backoff.ts';
import { TimerError } from './errors.ts';
import type { ResolvedLimits } from './options.ts';
import { badResponse, parseResponse } from './parse-response.ts';
import type { Shape } from './response-shapes.ts';
import type { Fetch, Runtime } from './runtime.ts';
import { abortedError, type OutgoingRequest, sendRequest } from './send-request.ts';

/** A call: a request that is sent until a try succeeds, is refused, or the limits are reached. */
export interface Call<Data> {
  readonly request: OutgoingRequest;
  readonly shape: Shape<Data>;
  /** Whether the request may change something. */
  readonly writes: boolean;
  readonly limits: ResolvedLimits;
  readonly signal: AbortSignal | undefined;
}

export interface CallEnvironment {
  readonly fetch: Fetch;
  readonly runtime: Runtime;
}

/** The error of a call that ends: with what is known of all its tries. */
function lastError(error: TimerError, tries: number, mayHaveSucceeded: boolean): TimerError {
  const { kind, code, httpStatus, reason, timerStatus, issues, retryAfterMs, cause } = error;
  const message = tries > 1 ? `${error.message} (after ${tries} tries)` : error.message;
  const details = { code, httpStatus, reason, timerStatus, issues, retryAfterMs, cause };
  return new TimerError(kind, message, { ...details, tries, mayHaveSucceeded });
}

async function tryOnce<Data>(call: Call<Data>, env: CallEnvironment, timeoutMs: number): Promise<Data> {
  const { request, shape, signal } = call;
  const response = await sendRequest(request, { fetch: env.fetch, timeoutMs, signal });
  const data = parseResponse(request.label, response, env.runtime.wallMs());
  if (!shape(data)) throw badResponse(request.label, response, 'a body that this client does not understand');
  return data;
}

/**
 * Sends a request until a try succeeds, is refused, or the limits are reached. The same request is sent each time: it must
 * be one that changes nothing more when it is carried out twice.
 *
 * @throws {TimerError} the last one, when there is no further try
 */
export async function runCall<Data>(call: Call<Data>, env: CallEnvironment): Promise<Data> {
  const { limits, signal, writes, request } = call;
  const { monotonicMs, random, sleep } = env.runtime;
  const endsAt = monotonicMs() + limits.deadlineMs;
  let mayHaveSucceeded = false;
  for (let tries = 1; ; tries += 1) {
    if (signal?.aborted === true)
      throw lastError(abortedError(request.label, signal), tries - 1, mayHaveSucceeded);
    try {
      return await tryOnce(call, env, Math.min(limits.timeoutMs, Math.max(1, endsAt - monotonicMs())));
    } catch (error) {
      if (!(error instanceof TimerError)) throw error;
      mayHaveSucceeded ||= writes && isUncertain(error);
      const wait = backoffMs(tries, random(), error.retryAfterMs);
      if (!isTransient(error) || tries > limits.retries || monotonicMs() + wait >= endsAt)
        throw lastError(error, tries, mayHaveSucceeded);
      await sleep(wait, signal);
    }
  }
}
