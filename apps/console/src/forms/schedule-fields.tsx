import { Choice } from '../components/choice.tsx';
import { TextField } from '../components/field.tsx';
import { CallbackFields, JsonField } from './callback-fields.tsx';
import styles from './form.module.css';
import { FormPart, OptionalPart } from './form-part.tsx';
import { problemAt, type Problems } from './problems.ts';
import { RetryFields } from './retry-fields.tsx';
import { DEFAULT_RETRY } from './retry-form.ts';
import { emptySchedule, type ScheduleForm } from './schedule-form.ts';
import { CATCH_UP_TEXTS, OVERLAP_TEXTS } from './schedule-options.ts';
import { BoundsPart, durationHint, TimingFields } from './timing-fields.tsx';

interface ScheduleFieldsProps {
  readonly value: ScheduleForm;
  readonly onChange: (value: ScheduleForm) => void;
  readonly problems: Problems;
  /** The key of a stored schedule, which cannot be changed. */
  readonly storedKey?: string | undefined;
}

/** All fields of a schedule. */
export function ScheduleFields({ value, onChange, problems, storedKey }: ScheduleFieldsProps) {
  const change = (fields: Partial<ScheduleForm>) => {
    onChange({ ...value, ...fields });
  };
  return (
    <>
      {storedKey === undefined && (
        <FormPart title="Name">
          <TextField
            label="Key"
            placeholder="daily-report"
            hint="Your own name of the schedule: visible ASCII characters, without spaces."
            value={value.key}
            error={problemAt(problems, 'key')}
            onChange={(event) => {
              change({ key: event.target.value });
            }}
          />
        </FormPart>
      )}
      <FormPart title="When">
        <TimingFields
          value={value.timing}
          problems={problems}
          onChange={(timing) => {
            change({ timing });
          }}
        />
      </FormPart>
      <BoundsPart
        value={value.timing}
        problems={problems}
        onChange={(timing) => {
          change({ timing });
        }}
      />
      <FormPart title="What">
        <CallbackFields
          value={value.callback}
          problems={problems}
          onChange={(callback) => {
            change({ callback });
          }}
        />
      </FormPart>
      <OverlapPart value={value} onChange={onChange} problems={problems} />
      <MorePart value={value} onChange={onChange} problems={problems} />
    </>
  );
}

function OverlapPart({ value, onChange, problems }: ScheduleFieldsProps) {
  const initial = emptySchedule('UTC');
  const isSet =
    value.overlap !== initial.overlap ||
    value.catchUp !== initial.catchUp ||
    value.catchUpWindow !== '' ||
    value.catchUpSpacing !== '' ||
    value.jitter !== '';
  return (
    <OptionalPart title="Overlap, catch-up, jitter" open={isSet}>
      <Choice
        label="While the occurrence before is unfinished"
        stacked
        value={value.overlap}
        options={OVERLAP_TEXTS}
        onChange={(overlap) => {
          onChange({ ...value, overlap });
        }}
      />
      <Choice
        label="Occurrences that were missed while no service ran"
        stacked
        value={value.catchUp}
        options={CATCH_UP_TEXTS}
        onChange={(catchUp) => {
          onChange({ ...value, catchUp });
        }}
      />
      <div className={styles.row}>
        <DurationField
          label="Missed at most … ago"
          field="catchUpWindow"
          path="catch_up_window"
          placeholder="1d"
          {...{ value, onChange, problems }}
        />
        <DurationField
          label="Time between those made up for"
          field="catchUpSpacing"
          path="catch_up_spacing"
          placeholder="100ms"
          {...{ value, onChange, problems }}
        />
        <DurationField
          label="Jitter"
          field="jitter"
          path="jitter"
          placeholder="0s"
          hint="Later by the same part of this each time, to spread schedules that fire together."
          {...{ value, onChange, problems }}
        />
      </div>
    </OptionalPart>
  );
}

function DurationField({
  label,
  field,
  path,
  placeholder,
  hint,
  value,
  onChange,
  problems,
}: ScheduleFieldsProps & {
  readonly label: string;
  readonly field: 'catchUpWindow' | 'catchUpSpacing' | 'jitter' | 'expiresAfter';
  readonly path: string;
  readonly placeholder: string;
  readonly hint?: string;
}) {
  return (
    <TextField
      label={label}
      placeholder={placeholder}
      hint={durationHint(value[field]) ?? hint}
      value={value[field]}
      error={problemAt(problems, path)}
      onChange={(event) => {
        onChange({ ...value, [field]: event.target.value });
      }}
    />
  );
}

function MorePart({ value, onChange, problems }: ScheduleFieldsProps) {
  const isSet =
    value.retry !== DEFAULT_RETRY ||
    value.expiresAfter !== '' ||
    value.pauseAfterFailures !== '' ||
    value.metadata !== '';
  return (
    <OptionalPart title="Retries, expiry, metadata" open={isSet}>
      <RetryFields
        value={value.retry}
        problems={problems}
        onChange={(retry) => {
          onChange({ ...value, retry });
        }}
      />
      <div className={styles.row}>
        <DurationField
          label="Expires after"
          field="expiresAfter"
          path="expires_after"
          placeholder="never"
          hint="No attempt starts later than this after its instant."
          {...{ value, onChange, problems }}
        />
        <TextField
          label="Pause after failures in a row"
          inputMode="numeric"
          placeholder="never"
          value={value.pauseAfterFailures}
          error={problemAt(problems, 'pause_after_failures')}
          onChange={(event) => {
            onChange({ ...value, pauseAfterFailures: event.target.value });
          }}
        />
      </div>
      <JsonField
        label="Metadata"
        hint="JSON, stored with the schedule and its occurrences; never sent."
        placeholder='{ "team": "billing" }'
        value={value.metadata}
        error={problemAt(problems, 'metadata')}
        onChange={(metadata) => {
          onChange({ ...value, metadata });
        }}
      />
    </OptionalPart>
  );
}
