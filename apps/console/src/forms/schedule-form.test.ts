import { describe, expect, test } from '@jest/globals';
import {
  type PutScheduleRequest,
  putScheduleRequestSchema,
  type Schedule,
  SCHEDULE_DEFAULTS,
} from '@timer-platform/callback-types';
import fc from 'fast-check';
import {
  emptySchedule,
  formOfSchedule,
  scheduleRequestOf,
  timingOf,
  timingOfStored,
} from './schedule-form.ts';
import {
  callback,
  duration,
  instant,
  json,
  optional,
  retry,
  withoutUndefined,
} from './testing/arbitrary-requests.ts';

const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata');
const cron = fc.constantFrom('0 9 * * MON-FRI', '*/5 * * * *', '@daily', '0 0 0 1 1 * 2030');
const exclude = fc.array(fc.constantFrom('2030-12-25', '2030-12-24/2030-12-26', '* * * * SUN'), {
  minLength: 1,
  maxLength: 3,
});

const timing = fc.oneof(
  fc.record({
    cron: fc.array(cron, { minLength: 1, maxLength: 3 }),
    time_zone: zone,
    exclude: optional(exclude),
  }),
  fc.record({ every: fc.constantFrom('1h', '1d', '90s'), phase: fc.constantFrom('0s', '5s', '1m') }),
  fc.record({ every: fc.constant('1h'), phase: fc.constant('0s'), time_zone: zone, exclude }),
);

const request: fc.Arbitrary<PutScheduleRequest> = fc
  .record({
    timing,
    bounds: fc.tuple(optional(instant), optional(instant)),
    max_occurrences: optional(fc.integer({ min: 1, max: 1e9 })),
    jitter: fc.constantFrom('0s', '30s'),
    overlap: fc.constantFrom(
      'allow' as const,
      'skip' as const,
      'buffer_one' as const,
      'cancel_previous' as const,
    ),
    catch_up: fc.constantFrom('none' as const, 'latest' as const, 'all' as const),
    catch_up_window: duration,
    catch_up_spacing: fc.constantFrom('0s', '100ms', '1m'),
    expires_after: optional(duration),
    callback,
    retry,
    metadata: optional(json.filter((value) => value !== null)),
    pause_after_failures: optional(fc.integer({ min: 1, max: 1_000 })),
  })
  .map(({ timing: when, bounds: [one, other], ...rest }) => {
    const [startAt, endAt] =
      one !== undefined && other !== undefined && other < one ? [other, one] : [one, other];
    return withoutUndefined({ ...when, start_at: startAt, end_at: endAt, ...rest });
  });

const ABSENT = {
  cron: null,
  every: null,
  phase: null,
  start_at: null,
  end_at: null,
  max_occurrences: null,
  expires_after: null,
  retry: null,
  metadata: null,
  pause_after_failures: null,
  exclude: [],
};

/** The content of the schedule that the service would return. */
function stored(sent: PutScheduleRequest): Schedule {
  const content = { ...ABSENT, ...SCHEDULE_DEFAULTS, phase: null, ...sent };
  return {
    ...content,
    cron: typeof content.cron === 'string' ? [content.cron] : content.cron,
    phase: content.every === null ? null : (content.phase ?? '0s'),
    key: 'daily',
    occurrences: 3,
  } as unknown as Schedule;
}

describe('the form of a schedule', () => {
  test('asks for the same schedule as the one that it was filled from', () => {
    fc.assert(
      fc.property(request, (original) => {
        expect(putScheduleRequestSchema.safeParse(original).success).toBe(true);
        const { request: again, problems } = scheduleRequestOf(formOfSchedule(stored(original)));
        expect(problems).toEqual([]);
        expect(putScheduleRequestSchema.safeParse(again).success).toBe(true);
        expect(stored(again)).toEqual(stored(original));
      }),
      { numRuns: 300 },
    );
  });

  test('previews what it would store', () => {
    fc.assert(
      fc.property(request, (original) => {
        const form = formOfSchedule(stored(original));
        expect(scheduleRequestOf(form).request).toMatchObject(timingOf(form.timing).request);
      }),
    );
  });

  test('sends the zone only where it has an effect', () => {
    const { timing: form } = emptySchedule('Europe/Berlin');
    expect(timingOf(form).request).toEqual({ cron: '0 9 * * MON-FRI', time_zone: 'Europe/Berlin' });
    expect(timingOf({ ...form, kind: 'every' }).request).toEqual({ every: '1h' });
    expect(timingOf({ ...form, kind: 'every', exclude: '2030-12-25' }).request).toEqual({
      every: '1h',
      time_zone: 'Europe/Berlin',
      exclude: ['2030-12-25'],
    });
  });

  test('reads instants on the clocks of the schedule', () => {
    const { timing: form } = emptySchedule('Europe/Berlin');
    const startAt = { text: '2030-01-31T09:00', pass: 'first' as const };
    expect(timingOf({ ...form, startAt }).request.start_at).toBe('2030-01-31T08:00:00.000Z');
    expect(timingOf({ ...form, kind: 'every', startAt }).request.start_at).toBe('2030-01-31T09:00:00.000Z');
  });

  test('says at their paths what cannot be sent', () => {
    const form = emptySchedule('UTC');
    const { problems } = scheduleRequestOf({
      ...form,
      timing: { ...form.timing, cron: '\n', endAt: { text: '2030', pass: 'first' }, maxOccurrences: 'x' },
      pauseAfterFailures: '-',
      metadata: 'a',
    });
    expect(problems.map(({ path }) => path)).toEqual([
      'end_at',
      'max_occurrences',
      'cron',
      'pause_after_failures',
      'metadata',
    ]);
  });
});

describe('timingOfStored', () => {
  const schedule = stored({
    cron: '@daily',
    max_occurrences: 5,
    callback: { type: 'http', url: 'https://a.example/' },
  });

  test('previews only as many occurrences as are left', () => {
    expect(timingOfStored(schedule)).toMatchObject({ cron: ['@daily'], phase: null, max_occurrences: 2 });
    expect(timingOfStored({ ...schedule, occurrences: 5 })).toBeUndefined();
  });

  test('has nothing to preview where the service cannot read the schedule', () => {
    expect(timingOfStored({ ...schedule, cron: null })).toBeUndefined();
  });
});
