import { z } from 'zod';

/** The JSON body of every measured callback. */
export const benchPayloadSchema = z.object({
  /** Number of the callback in its measurement, from 0. */
  n: z.number(),
  /** Due instant in Unix milliseconds. */
  dueMs: z.number(),
  text: z.string(),
});
export type BenchPayload = z.infer<typeof benchPayloadSchema>;

/** Creates a body about as long as a typical small webhook. */
export function benchPayload(n: number, dueMs: number): BenchPayload {
  return { n, dueMs, text: 'The quick brown fox jumps over the lazy dog. '.repeat(3) };
}

/** The callbacks that a receiver has recorded: one element each, in the order of arrival. */
export const arrivalsSchema = z.object({
  n: z.instanceof(Float64Array),
  dueMs: z.instanceof(Float64Array),
  /** When the request head or the message was received, in Unix milliseconds with microsecond precision. */
  arrivedMs: z.instanceof(Float64Array),
});
export type Arrivals = z.infer<typeof arrivalsSchema>;

export interface DeliveryErrors {
  readonly missing: number;
  readonly duplicates: number;
  /** Callbacks that arrived before they were due. */
  readonly early: number;
}

export function countDeliveryErrors({ n, dueMs, arrivedMs }: Arrivals, expected: number): DeliveryErrors {
  const seen = new Set(n);
  return {
    missing: expected - seen.size,
    duplicates: n.length - seen.size,
    early: arrivedMs.reduce((early, arrived, i) => early + (arrived < (dueMs[i] ?? 0) ? 1 : 0), 0),
  };
}

/** Arrivals per second from the first to the last. */
export function rateOf({ arrivedMs }: Arrivals): number {
  const first = arrivedMs[0] ?? Number.NaN;
  const last = arrivedMs.at(-1) ?? Number.NaN;
  return ((arrivedMs.length - 1) * 1_000) / (last - first);
}

/** Milliseconds from the due instant of each callback to its arrival. */
export function latenessOf({ dueMs, arrivedMs }: Arrivals): Float64Array {
  return arrivedMs.map((arrived, i) => arrived - (dueMs[i] ?? Number.NaN));
}
