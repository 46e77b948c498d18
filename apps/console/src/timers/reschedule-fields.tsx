import { SelectField, TextField } from '../components/field.tsx';
import styles from './bulk-dialog.module.css';
import type { RescheduleForm, RescheduleReading, RescheduleWay } from './reschedule-form.ts';

const WAYS: readonly { readonly value: RescheduleWay; readonly label: string }[] = [
  { value: 'delay', label: 'From now, after' },
  { value: 'shift-later', label: 'Each later by' },
  { value: 'shift-earlier', label: 'Each earlier by' },
  { value: 'execute_at', label: 'All at' },
];

/** Where timers are moved to. */
export function RescheduleFields({
  form,
  errors,
  zone,
  onChange,
}: {
  readonly form: RescheduleForm;
  readonly errors: RescheduleReading['errors'];
  readonly zone: string;
  readonly onChange: (form: RescheduleForm) => void;
}) {
  const errorOf = (field: 'duration' | 'at' | 'spread') => {
    const error = errors?.[field];
    return error === undefined ? {} : { error };
  };
  return (
    <div className={styles.form}>
      <SelectField
        label="Move them"
        options={WAYS}
        value={form.way}
        onChange={(event) => {
          onChange({ ...form, way: event.target.value as RescheduleWay });
        }}
      />
      {form.way === 'execute_at' ? (
        <TextField
          label={`Date and time, ${zone}`}
          type="datetime-local"
          step={1}
          value={form.at}
          {...errorOf('at')}
          onChange={(event) => {
            onChange({ ...form, at: event.target.value });
          }}
        />
      ) : (
        <TextField
          label="Duration"
          value={form.duration}
          hint="15m, 2h, 1d12h"
          {...errorOf('duration')}
          onChange={(event) => {
            onChange({ ...form, duration: event.target.value });
          }}
        />
      )}
      <TextField
        label="Spread over"
        value={form.spread}
        placeholder="not spread"
        hint="10m: evenly over ten minutes"
        {...errorOf('spread')}
        onChange={(event) => {
          onChange({ ...form, spread: event.target.value });
        }}
      />
    </div>
  );
}
