import type { Fetch } from '../client/runtime.ts';

type Init = Parameters<Fetch>[1];
type Step = Response | Error | ((url: string, init: Init) => Response | Promise<Response>);

export interface ScriptedFetch {
  readonly fetch: Fetch;
  /** The requests so far. */
  readonly requests: readonly { readonly url: string; readonly init: Init }[];
}

/** A fetch that responds with these steps, one after the other. */
export function scriptedFetch(...steps: Step[]): ScriptedFetch {
  const requests: { url: string; init: Init }[] = [];
  return {
    requests,
    fetch: async (url, init) => {
      const step = steps[requests.length];
      requests.push({ url, init });
      if (step === undefined) throw new Error('the client sent a request that the test does not expect');
      if (step instanceof Response) return step;
      if (typeof step === 'function') return step(url, init);
      throw step;
    },
  };
}

/** A success of the service. */
export function success(data: unknown, status = 200): Response {
  return Response.json({ code: 0, message: 'success', data }, { status });
}

/** An error response of the service. */
export function refusal(
  status: number,
  code: number,
  more: { message?: string; headers?: Record<string, string>; [field: string]: unknown } = {},
): Response {
  const { headers, ...fields } = more;
  return Response.json(
    { code, message: 'refused', data: null, ...fields },
    { status, headers: headers ?? {} },
  );
}
