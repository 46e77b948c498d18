export { compileRecurrence, compileStoredRecurrence } from './compile-recurrence.ts';
export type { Recurrence, RecurrenceSpec } from './recurrence.ts';
