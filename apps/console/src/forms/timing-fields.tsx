import { AreaField } from '../components/area-field.tsx';
import { Choice } from '../components/choice.tsx';
import { TextField } from '../components/field.tsx';
import { durationInWords, parseDuration } from '../lib/duration.ts';
import { CronBuilder } from './cron-builder.tsx';
import styles from './form.module.css';
import { OptionalPart } from './form-part.tsx';
import { InstantField } from './instant-field.tsx';
import { problemAt, type Problems } from './problems.ts';
import { clocksOf, type TimingForm } from './schedule-form.ts';
import { ZoneField } from './zone-field.tsx';

interface TimingFieldsProps {
  readonly value: TimingForm;
  readonly onChange: (value: TimingForm) => void;
  readonly problems: Problems;
}

const KINDS = [
  { value: 'cron', label: 'By the clock (cron)' },
  { value: 'every', label: 'At an interval' },
] as const;

/** Nothing, or what the duration says in other words. */
export function durationHint(text: string): string | undefined {
  return parseDuration(text.trim()) === undefined ? undefined : durationInWords(text.trim());
}

/** When the occurrences are. */
export function TimingFields({ value, onChange, problems }: TimingFieldsProps) {
  const change = (fields: Partial<TimingForm>) => {
    onChange({ ...value, ...fields });
  };
  return (
    <>
      <Choice
        label="Kind of recurrence"
        hideLabel
        value={value.kind}
        options={KINDS}
        onChange={(kind) => {
          change({ kind });
        }}
      />
      {value.kind === 'cron' ? (
        <>
          <CronBuilder
            cron={value.cron}
            onChange={(cron) => {
              change({ cron });
            }}
          />
          <AreaField
            label="Cron expression"
            hint="Minute, hour, day, month, day of the week. Several: one a line."
            rows={Math.max(1, value.cron.split('\n').length)}
            value={value.cron}
            error={problemAt(problems, 'cron')}
            onChange={(event) => {
              change({ cron: event.target.value });
            }}
          />
          <TimingZone value={value} change={change} problems={problems} />
        </>
      ) : (
        <div className={styles.row}>
          <TextField
            label="Every"
            placeholder="1h"
            hint={durationHint(value.every) ?? 'Such as 90s or 1h30m, in real time'}
            value={value.every}
            error={problemAt(problems, 'every')}
            onChange={(event) => {
              change({ every: event.target.value });
            }}
          />
          <TextField
            label="Phase (optional)"
            placeholder="0s"
            hint={durationHint(value.phase) ?? 'How much later than multiples of the interval since 1970'}
            value={value.phase}
            error={problemAt(problems, 'phase')}
            onChange={(event) => {
              change({ phase: event.target.value });
            }}
          />
        </div>
      )}
    </>
  );
}

function TimingZone({
  value,
  change,
  problems,
}: Pick<TimingFieldsProps, 'value' | 'problems'> & {
  readonly change: (fields: Partial<TimingForm>) => void;
}) {
  return (
    <ZoneField
      label="Time zone"
      hint={
        value.kind === 'cron'
          ? 'On whose clocks the expression is read, across their changes.'
          : 'On whose calendar the exclusions are read.'
      }
      value={value.timeZone}
      error={problemAt(problems, 'time_zone')}
      onChange={(timeZone) => {
        change({ timeZone });
      }}
    />
  );
}

/** What is left out, and where it begins and ends. */
export function BoundsPart({ value, onChange, problems }: TimingFieldsProps) {
  const change = (fields: Partial<TimingForm>) => {
    onChange({ ...value, ...fields });
  };
  const zone = clocksOf(value);
  const isSet =
    value.exclude !== '' ||
    value.startAt.text !== '' ||
    value.endAt.text !== '' ||
    value.maxOccurrences !== '';
  return (
    <OptionalPart title="Exclusions, beginning and end" open={isSet}>
      <AreaField
        label="Left out"
        hint="Dates, ranges with both ends, or cron expressions; one a line."
        placeholder={'2030-12-24/2030-12-26\n2031-01-01'}
        rows={Math.max(2, value.exclude.split('\n').length)}
        value={value.exclude}
        error={problemAt(problems, 'exclude')}
        onChange={(event) => {
          change({ exclude: event.target.value });
        }}
      />
      {value.kind === 'every' && value.exclude.trim() !== '' && (
        <TimingZone value={value} change={change} problems={problems} />
      )}
      <div className={styles.row}>
        <InstantField
          label="Not before"
          zone={zone}
          value={value.startAt}
          hint={`On the clocks of ${zone}`}
          error={problemAt(problems, 'start_at')}
          onChange={(startAt) => {
            change({ startAt });
          }}
        />
        <InstantField
          label="Not after"
          zone={zone}
          value={value.endAt}
          hint={`On the clocks of ${zone}`}
          error={problemAt(problems, 'end_at')}
          onChange={(endAt) => {
            change({ endAt });
          }}
        />
        <TextField
          label="Ends after occurrences"
          inputMode="numeric"
          placeholder="no limit"
          value={value.maxOccurrences}
          error={problemAt(problems, 'max_occurrences')}
          onChange={(event) => {
            change({ maxOccurrences: event.target.value });
          }}
        />
      </div>
    </OptionalPart>
  );
}
