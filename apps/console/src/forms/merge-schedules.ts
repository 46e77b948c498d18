import type { PutScheduleRequest } from '@timer-platform/callback-types';
import type { ScheduleForm } from './schedule-form.ts';

/** A field of a schedule that two versions have different values of. */
export interface FieldChange {
  readonly field: string;
  /** Undefined: the field is absent. */
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields in which two requests differ, in the order in which they stand. */
export function changesBetween(before: PutScheduleRequest, after: PutScheduleRequest): FieldChange[] {
  const values = (request: PutScheduleRequest) => new Map<string, unknown>(Object.entries(request));
  const [first, second] = [values(before), values(after)];
  return [...new Set([...first.keys(), ...second.keys()])]
    .map((field) => ({ field, before: first.get(field), after: second.get(field) }))
    .filter(({ before: one, after: other }) => !isSame(one, other));
}

/** A form with the changes of two people. */
export interface MergedForm {
  readonly form: ScheduleForm;
  /** Parts that both have changed in different ways; the form has mine. */
  readonly conflicts: readonly (keyof ScheduleForm)[];
}

/** Puts what I changed since `base` on top of what others changed since. */
export function mergeForms(base: ScheduleForm, theirs: ScheduleForm, mine: ScheduleForm): MergedForm {
  const parts = Object.keys(mine) as (keyof ScheduleForm)[];
  const changedByMe = parts.filter((part) => !isSame(base[part], mine[part]));
  return {
    form: { ...theirs, ...Object.fromEntries(changedByMe.map((part) => [part, mine[part]])) },
    conflicts: changedByMe.filter(
      (part) => !isSame(base[part], theirs[part]) && !isSame(mine[part], theirs[part]),
    ),
  };
}

/** Whether two JSON values are equal; the order of the fields of an object means nothing. */
function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
