import { clock } from './clock.ts';

/** What a response must offer: a part of the `Response` of fetch. */
export interface FetchedResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableBody | null;
}

/** A part of `ReadableStream<Uint8Array>`. */
export interface ReadableBody {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** A part of `fetch`: how the client calls it. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: string;
    redirect: 'manual';
    signal: AbortSignal;
  },
) => Promise<FetchedResponse>;

/** What the client takes from its surroundings. Tests pass their own. */
export interface Runtime {
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  /** A number from 0 to 1, below 1. */
  readonly random: () => number;
  readonly randomId: () => string;
  /** Resolves after this time, or at once when the signal is aborted; leaves no timer behind. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
    if (signal?.aborted === true) wake();
  });
}

export const systemRuntime: Runtime = {
  ...clock,
  random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
  randomId: () => crypto.randomUUID(),
  sleep,
};
