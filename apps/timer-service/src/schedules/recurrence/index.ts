export { compileRecurrence, compileStoredRecurrence, type RecurrenceResult } from './compile-recurrence.ts';
export type { ClockChangeEffect, Recurrence, RecurrenceIssue, RecurrenceSpec } from './recurrence.ts';
