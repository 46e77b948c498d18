import { SelectField, TextField } from '../components/field.tsx';
import { cronOf, type CronPattern, MINUTE_STEPS, patternOf, WEEKDAYS } from './cron-pattern.ts';
import styles from './form.module.css';

const KINDS = [
  { value: 'minutes', label: 'Every few minutes' },
  { value: 'hourly', label: 'Every hour' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekdays', label: 'Monday to Friday' },
  { value: 'weekly', label: 'On days of the week' },
  { value: 'monthly', label: 'On a day of the month' },
] as const;
type Kind = CronPattern['kind'];
const CUSTOM = { value: 'custom', label: 'As the expression below says' };

/** A pattern of another kind, at the same time of day. */
function ofKind(kind: Kind, from: CronPattern | undefined): CronPattern {
  const time = from !== undefined && 'time' in from ? from.time : '09:00';
  switch (kind) {
    case 'minutes':
      return { kind, every: 5 };
    case 'hourly':
      return { kind, minute: 0 };
    case 'daily':
    case 'weekdays':
      return { kind, time };
    case 'weekly':
      return { kind, time, days: ['MON'] };
    case 'monthly':
      return { kind, time, day: 1 };
  }
}

/** Writes a cron expression for those who do not know them; follows what is typed. */
export function CronBuilder({
  cron,
  onChange,
}: {
  readonly cron: string;
  readonly onChange: (cron: string) => void;
}) {
  const pattern = patternOf(cron);
  const change = (next: CronPattern) => {
    onChange(cronOf(next));
  };
  return (
    <div className={styles.row}>
      <SelectField
        label="Repeats"
        value={pattern?.kind ?? CUSTOM.value}
        options={pattern === undefined ? [CUSTOM, ...KINDS] : KINDS}
        onChange={(event) => {
          change(ofKind(event.target.value as Kind, pattern));
        }}
      />
      {pattern !== undefined && <PatternFields pattern={pattern} change={change} />}
    </div>
  );
}

function PatternFields({
  pattern,
  change,
}: {
  readonly pattern: CronPattern;
  readonly change: (pattern: CronPattern) => void;
}) {
  if (pattern.kind === 'minutes')
    return (
      <SelectField
        label="Minutes between two"
        value={String(pattern.every)}
        options={MINUTE_STEPS.map((step) => ({ value: String(step), label: String(step) }))}
        onChange={(event) => {
          change({ ...pattern, every: Number(event.target.value) });
        }}
      />
    );
  if (pattern.kind === 'hourly')
    return (
      <NumberField
        label="At minute"
        max={59}
        value={pattern.minute}
        onChange={(minute) => {
          change({ ...pattern, minute });
        }}
      />
    );
  const time = (
    <TextField
      label="At"
      type="time"
      value={pattern.time}
      onChange={(event) => {
        // Empty while it is typed.
        if (event.target.value !== '') change({ ...pattern, time: event.target.value.slice(0, 5) });
      }}
    />
  );
  if (pattern.kind === 'monthly')
    return (
      <>
        <NumberField
          label="On day"
          min={1}
          max={31}
          value={pattern.day}
          onChange={(day) => {
            change({ ...pattern, day });
          }}
        />
        {time}
      </>
    );
  if (pattern.kind !== 'weekly') return time;
  return (
    <>
      {time}
      <DayFields pattern={pattern} change={change} />
    </>
  );
}

function NumberField({
  label,
  min = 0,
  max,
  value,
  onChange,
}: {
  readonly label: string;
  readonly min?: number;
  readonly max: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <TextField
      label={label}
      type="number"
      min={min}
      max={max}
      value={value}
      onChange={(event) => {
        const number = event.target.valueAsNumber;
        if (Number.isInteger(number) && number >= min && number <= max) onChange(number);
      }}
    />
  );
}

function DayFields({
  pattern,
  change,
}: {
  readonly pattern: CronPattern & { readonly kind: 'weekly' };
  readonly change: (pattern: CronPattern) => void;
}) {
  return (
    <div role="group" aria-label="Days">
      <span className={styles.groupLabel}>On</span>
      <div className={styles.days}>
        {WEEKDAYS.map((day) => {
          const chosen = pattern.days.includes(day);
          return (
            <label key={day} className={styles.check}>
              <input
                type="checkbox"
                checked={chosen}
                // A week without days is no pattern.
                disabled={chosen && pattern.days.length === 1}
                onChange={() => {
                  const days = WEEKDAYS.filter((name) =>
                    name === day ? !chosen : pattern.days.includes(name),
                  );
                  change({ ...pattern, days });
                }}
              />
              <span>{day.charAt(0) + day.slice(1).toLowerCase()}</span>
            </label>
          );
        })}
      </div>
    </div>
  );
}
