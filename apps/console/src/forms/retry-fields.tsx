import { SelectField, TextField } from '../components/field.tsx';
import styles from './form.module.css';
import { problemAt, type Problems } from './problems.ts';
import type { RetryForm } from './retry-form.ts';

const WAITS = [
  { value: 'default', label: 'As the service does: 5 s to 8 h' },
  { value: 'delays', label: 'These durations' },
  { value: 'exponential', label: 'Growing by a factor' },
] as const;

/** How often and when a failed attempt is retried. */
export function RetryFields({
  value,
  onChange,
  problems,
}: {
  readonly value: RetryForm;
  readonly onChange: (value: RetryForm) => void;
  readonly problems: Problems;
}) {
  const field = (name: keyof RetryForm, path: string, label: string, placeholder: string, hint?: string) => (
    <TextField
      label={label}
      placeholder={placeholder}
      value={value[name]}
      error={problemAt(problems, `retry.${path}`)}
      {...(hint === undefined ? {} : { hint })}
      onChange={(event) => {
        onChange({ ...value, [name]: event.target.value });
      }}
    />
  );
  return (
    <>
      <div className={styles.row}>
        {field('maxAttempts', 'max_attempts', 'Attempts at most', '10', '1: no retries.')}
        {field('giveUpAfter', 'give_up_after', 'Give up after', '1d', 'No attempt starts later than this.')}
      </div>
      <div className={styles.row}>
        <SelectField
          label="Waits between attempts"
          options={WAITS}
          value={value.waits}
          onChange={(event) => {
            onChange({ ...value, waits: event.target.value as RetryForm['waits'] });
          }}
        />
        {value.waits === 'delays' &&
          field('delays', 'delays', 'Durations', '5s, 1m, 10m', 'The last one repeats.')}
      </div>
      {value.waits === 'exponential' && (
        <div className={styles.row}>
          {field('initial', 'exponential.initial', 'First wait', '1s')}
          {field('factor', 'exponential.factor', 'Factor', '2')}
          {field('max', 'exponential.max', 'Longest wait', '1h')}
        </div>
      )}
    </>
  );
}
