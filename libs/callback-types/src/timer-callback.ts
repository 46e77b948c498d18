import { z } from 'zod';
import type { HeaderMap } from './header-map.ts';
import { anyJsonSchema, type JsonValue } from './json-value.ts';

/** An HTTP callback in a response: as it was sent, except that secrets may be masked. */
export interface HttpTimerCallback {
  readonly type: 'http';
  readonly url: string;
  /** Rows of the first service may have any JSON here. */
  readonly headers?: HeaderMap | null | undefined;
  readonly payload?: JsonValue | undefined;
  readonly timeout_ms?: number | undefined;
}

/** A NATS callback in a response: as it was sent, except that secrets may be masked. */
export interface NatsTimerCallback {
  readonly type: 'nats';
  readonly topic: string;
  readonly key?: string | null | undefined;
  /** Rows that were written with SQL may have any JSON here. */
  readonly headers?: HeaderMap | null | undefined;
  readonly payload?: JsonValue | undefined;
  readonly jetstream?: boolean | undefined;
}

/** The callback of a timer in a response, discriminated on `type`. */
export type TimerCallback = HttpTimerCallback | NatsTimerCallback;

const headers = z
  .custom<HeaderMap | null>(() => true)
  .optional()
  .meta({ description: 'An object of strings or null; old rows may have any JSON' });

const text = z.preprocess((value) => (typeof value === 'string' ? value : ''), z.string());

/**
 * The callback of a timer in a response: the field and the form in which it was sent. Tolerant of what old rows and rows
 * written with SQL may have: headers of any form, further fields, and no URL or topic, which is read as an empty text.
 */
export const timerCallbackSchema: z.ZodType<TimerCallback> = z
  .discriminatedUnion('type', [
    z
      .looseObject({
        type: z.literal('http'),
        url: text,
        headers,
        payload: anyJsonSchema.optional(),
        timeout_ms: z.number().optional(),
      })
      .meta({ id: 'HttpTimerCallback' }),
    z
      .looseObject({
        type: z.literal('nats'),
        topic: text,
        key: z.string().nullish(),
        headers,
        payload: anyJsonSchema.optional(),
        jetstream: z.boolean().optional(),
      })
      .meta({ id: 'NatsTimerCallback' }),
  ])
  .meta({
    id: 'TimerCallback',
    description: 'The callback as it was sent, except that secrets may be masked',
  });
