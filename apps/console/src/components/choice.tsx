import { useId } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './choice.module.css';

interface ChoiceProps<Value extends string> {
  /** Read aloud; shown unless hidden. */
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[];
  readonly onChange: (value: Value) => void;
  /** One below the other, with hints. */
  readonly stacked?: boolean;
}

/** A choice of few that are all seen: radio buttons. */
export function Choice<Value extends string>({
  label,
  hideLabel,
  value,
  options,
  onChange,
  stacked,
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className={styles.choice}>
      <legend className={hideLabel === true ? 'visually-hidden' : styles.label}>{label}</legend>
      <div className={classNames(styles.options, stacked === true && styles.stacked)}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => {
                onChange(option.value);
              }}
            />
            <span>
              {option.label}
              {option.hint !== undefined && <span className={styles.hint}>{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
