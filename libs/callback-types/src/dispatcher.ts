import { z } from 'zod';
import { instant } from './instant.ts';
import { EXAMPLE_DISPATCHER } from './operation-examples.ts';

/** alive: its last heartbeat is recent; stalled: it is not, and others may deliver its timers soon. */
export const DISPATCHER_STATES = ['alive', 'stalled'] as const;
/** alive: its last heartbeat is recent; stalled: it is not, and others may deliver its timers soon. */
export type DispatcherState = (typeof DISPATCHER_STATES)[number];

/** How much a dispatcher has to do. */
export const dispatcherLoadSchema = z
  .object({
    in_flight: z.int().meta({ description: 'Attempts under way' }),
    held: z.int().meta({ description: 'Claimed timers that are not due yet' }),
    waiting: z.int().meta({ description: 'Due timers that wait for an attempt' }),
    unsettled: z.int().meta({ description: 'Attempts that have ended and are not written yet' }),
    max_in_flight: z.int().meta({ description: 'Attempts that may be under way' }),
  })
  .meta({ id: 'DispatcherLoad' });
export type DispatcherLoad = z.infer<typeof dispatcherLoadSchema>;

/** A process that delivers timers. What it reports about itself is null until its first report. */
export const dispatcherSchema = z
  .object({
    id: z.guid(),
    name: z.string(),
    started_at: instant,
    heartbeat_at: instant,
    state: z.enum(DISPATCHER_STATES),
    reported_at: instant.nullable(),
    load: dispatcherLoadSchema.nullable(),
    problem: z.string().nullable().meta({ description: 'What keeps it from delivering' }),
    node: z.string().nullable().meta({ description: 'The version of Node.js' }),
    version: z.string().nullable().meta({ description: 'The version of the timer service' }),
  })
  .meta({ id: 'Dispatcher', examples: [EXAMPLE_DISPATCHER] });
export type Dispatcher = z.infer<typeof dispatcherSchema>;
