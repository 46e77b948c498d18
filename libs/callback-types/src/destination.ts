import { z } from 'zod';
import { instant } from './instant.ts';
import { EXAMPLE_DESTINATION } from './operation-examples.ts';

/** States of the circuit breakers of a destination. */
export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;
/** closed: attempts start; open: none start until it is tried again; half-open: one attempt is trying. */
export type BreakerState = (typeof BREAKER_STATES)[number];

/**
 * A destination of callbacks: its settings, and what the dispatchers are doing there. The numbers of all dispatchers are
 * merged. They are those of the last 10 s; a destination where nothing happens has zeros.
 */
export const destinationSchema = z
  .object({
    destination: z.string().meta({ description: 'scheme://host[:port], or nats: and a topic' }),
    paused_at: instant.nullable().meta({ description: 'No attempt starts since then; null: not paused' }),
    pause_note: z.string().nullable().meta({ description: 'Why it is paused, for people' }),
    rate_per_second: z.number().nullable().meta({
      description: 'Attempts that may start per second, by all dispatchers together; null: no limit',
    }),
    max_in_flight: z
      .int()
      .nullable()
      .meta({ description: 'Attempts that may be under way, by all dispatchers together; null: no limit' }),
    updated_at: instant
      .nullable()
      .meta({ description: 'The last change of the settings; null: it has none' }),
    updated_by: z.string().nullable().meta({ description: 'The name of the API key that made it' }),
    waiting_paused: z.int().meta({ description: 'Timers that are due and wait for the end of the pause' }),
    waiting_paused_estimated: z.boolean(),
    breaker: z
      .enum(BREAKER_STATES)
      .meta({ description: 'The worst state of the circuit breakers of all dispatchers' }),
    breaker_open_until: instant.nullable(),
    in_flight: z.int().meta({ description: 'Attempts under way' }),
    waiting: z.int().meta({ description: 'Due timers that wait in memory for an attempt' }),
    attempts_per_minute: z.number(),
    failures_per_minute: z.number(),
    duration_p50_ms: z.number().nullable().meta({
      description: 'Median duration of an attempt, of the dispatcher where it is longest; null: unknown',
    }),
    duration_p99_ms: z.number().nullable(),
    last_failure: z.object({ at: instant, error: z.string() }).nullable(),
    dispatchers: z.int().meta({ description: 'Dispatchers that deliver there' }),
  })
  .meta({ id: 'Destination', examples: [EXAMPLE_DESTINATION] });
export type Destination = z.infer<typeof destinationSchema>;
