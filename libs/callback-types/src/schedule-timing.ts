import { z } from 'zod';
import { durationSchema, parseDuration } from './duration.ts';
import { dateTime } from './instant.ts';
import { LIMITS } from './limits.ts';

/** A list of at most `max` items. One more is enough to reject it: to check a million would take seconds. */
function boundedList<Item extends z.ZodType>(item: Item, min: number, max: number) {
  const list = z.array(item).min(min).max(max);
  return z.preprocess(
    (value: unknown) => (Array.isArray(value) ? value.slice(0, max + 1) : value),
    list,
  ) as z.ZodPipe<z.ZodTransform, typeof list>;
}

const patternText = z
  .string()
  .min(1)
  .max(LIMITS.cronLength)
  .regex(/^[\x20-\x7e]*$/, { error: 'must contain only ASCII characters, without tabs and line breaks' });

const cronList = boundedList(patternText, 1, LIMITS.cronExpressions);

/** One cron expression or several: an occurrence whenever one of them matches. */
const cron = z
  .custom<string | string[]>((value) => typeof value === 'string' || Array.isArray(value), {
    error: 'must be a cron expression or an array of cron expressions',
  })
  .superRefine((value, context) => {
    const issues = (Array.isArray(value) ? cronList : patternText).safeParse(value).error?.issues ?? [];
    for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [...path], message });
  })
  .meta({
    description:
      'A cron expression or up to 10: 5 fields, 6 with seconds first, 7 with the year last, or a nickname such as @daily',
    anyOf: [
      { type: 'string', minLength: 1, maxLength: LIMITS.cronLength },
      {
        type: 'array',
        minItems: 1,
        maxItems: LIMITS.cronExpressions,
        items: { type: 'string', minLength: 1, maxLength: LIMITS.cronLength },
      },
    ],
    examples: ['0 9 * * MON-FRI'],
  });

const instantFrom1970 = dateTime.refine((text) => !(Date.parse(text) < 0), {
  error: 'must not be before the year 1970',
});

const timeZone = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_+\-/]*$/, { error: 'must be an IANA time zone such as Europe/Berlin' });

/** The fields that say when the occurrences of a schedule are. */
export const scheduleTimingFields = {
  cron: cron.nullish(),
  every: durationSchema(LIMITS.everyMs).nullish().meta({
    description: 'Instead of cron: the time between two occurrences, in real time from 1970 on, at least 1s',
  }),
  phase: durationSchema(0)
    .nullish()
    .meta({ description: 'With every: how much later than its multiples since 1970; shorter than every' }),
  time_zone: timeZone.nullish().meta({
    description: 'IANA time zone in which cron and exclude are read. Default: UTC',
    examples: ['Europe/Berlin'],
  }),
  exclude: boundedList(patternText, 0, LIMITS.exclusions).nullish().meta({
    description:
      'Occurrences left out: cron expressions, local dates (2030-12-25) or ranges of them with both ends (2030-12-24/2030-12-26)',
  }),
  start_at: instantFrom1970.nullish().meta({ description: 'No occurrence before this instant' }),
  end_at: instantFrom1970.nullish().meta({ description: 'No occurrence after this instant' }),
  max_occurrences: z
    .int()
    .min(1)
    .max(LIMITS.maxOccurrences)
    .nullish()
    .meta({ description: 'The schedule ends after this many occurrences' }),
};

/** The fields that {@link checkScheduleTiming} compares, which may be invalid. */
type Timing = { readonly [Field in keyof typeof scheduleTimingFields]?: unknown };

function timingIssues(timing: Timing): [field: keyof Timing, message: string][] {
  const { cron, every, phase, time_zone, exclude, start_at, end_at } = timing;
  const issues: [keyof Timing, string][] = [];
  const isSet = (value: unknown): boolean => value !== undefined && value !== null;
  const hasExclusions = isSet(exclude) && !(Array.isArray(exclude) && exclude.length === 0);
  if (!isSet(cron) && !isSet(every)) issues.push(['cron', 'is required unless every is set']);
  if (isSet(cron) && isSet(every)) issues.push(['every', 'cannot be combined with cron']);
  if (isSet(phase) && !isSet(every)) issues.push(['phase', 'is only for every']);
  // 1d in a time zone would be read as a local day.
  if (isSet(time_zone) && time_zone !== 'UTC' && isSet(every) && !isSet(cron) && !hasExclusions)
    issues.push(['time_zone', 'has no effect on every, which follows real time: use cron for local times']);
  const [everyMs, phaseMs] = [every, phase].map((text) => parseDuration(String(text)));
  if (everyMs !== undefined && phaseMs !== undefined && phaseMs >= everyMs)
    issues.push(['phase', 'must be shorter than every']);
  if (typeof start_at === 'string' && typeof end_at === 'string' && Date.parse(end_at) < Date.parse(start_at))
    issues.push(['end_at', 'must not be before start_at']);
  return issues;
}

/** Adds the issues between the fields of {@link scheduleTimingFields}. */
export function checkScheduleTiming(timing: Timing, context: z.RefinementCtx): void {
  for (const [field, message] of timingIssues(timing))
    context.addIssue({ code: 'custom', path: [field], message });
}
