import { z } from 'zod';

/** The JSON body of every callback that is measured. */
export const benchPayloadSchema = z.object({
  /** Counts from 0 over the callbacks of one measurement. */
  n: z.number(),
  /** When it is due, in milliseconds since 1970. */
  dueMs: z.number(),
  text: z.string(),
});
export type BenchPayload = z.infer<typeof benchPayloadSchema>;

/** Makes a body about as long as a typical small webhook. */
export function benchPayload(n: number, dueMs: number): BenchPayload {
  return { n, dueMs, text: 'The quick brown fox jumps over the lazy dog. '.repeat(3) };
}

/** What a receiver has recorded: one element per callback, in the order of arrival. */
export const arrivalsSchema = z.object({
  n: z.instanceof(Float64Array),
  dueMs: z.instanceof(Float64Array),
  /** When the head of the request, or the message, was there; milliseconds since 1970 with microseconds. */
  arrivedMs: z.instanceof(Float64Array),
});
export type Arrivals = z.infer<typeof arrivalsSchema>;

export interface Completeness {
  readonly missing: number;
  readonly duplicates: number;
  /** Arrived before they were due. */
  readonly early: number;
}

export function completenessOf({ n, dueMs, arrivedMs }: Arrivals, expected: number): Completeness {
  const seen = new Set(n);
  return {
    missing: expected - seen.size,
    duplicates: n.length - seen.size,
    early: arrivedMs.reduce((early, arrived, i) => early + (arrived < (dueMs[i] ?? 0) ? 1 : 0), 0),
  };
}

/** Arrivals per second between the first and the last. */
export function rateOf({ arrivedMs }: Arrivals): number {
  const first = arrivedMs[0] ?? Number.NaN;
  const last = arrivedMs.at(-1) ?? Number.NaN;
  return ((arrivedMs.length - 1) * 1_000) / (last - first);
}

/** How late each arrival was, in milliseconds. */
export function latenessOf({ dueMs, arrivedMs }: Arrivals): Float64Array {
  return arrivedMs.map((arrived, i) => arrived - (dueMs[i] ?? Number.NaN));
}
