import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './field.module.css';

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
  /** The label is read aloud only. */
  readonly hideLabel?: boolean;
  readonly className?: string | undefined;
  /** Gets the attributes that tie the control to its label, hint and error. */
  readonly children: (control: ControlAttributes) => ReactNode;
}

export interface ControlAttributes {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
  readonly className: string | undefined;
}

/** Label, control, hint and error of a field of a form. */
export function Field({ label, hint, error, hideLabel = false, className, children }: FieldProps) {
  const id = useId();
  const described = hint !== undefined || error !== undefined ? `${id}-note` : undefined;
  return (
    <div className={classNames(styles.field, className)}>
      <label htmlFor={id} className={hideLabel ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described,
        'aria-invalid': error === undefined ? undefined : true,
        className: styles.control,
      })}
      {described !== undefined && (
        <div id={described} className={styles.hint} data-error={error === undefined ? undefined : ''}>
          {error ?? hint}
        </div>
      )}
    </div>
  );
}

type OfField = Omit<FieldProps, 'children'>;

/** A field with one line of text. */
export function TextField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...input
}: OfField & InputHTMLAttributes<HTMLInputElement>) {
  const field = { label, hint, error, hideLabel, className } as OfField;
  return (
    <Field {...field}>
      {(control) => <input autoComplete="off" spellCheck={false} {...input} {...control} />}
    </Field>
  );
}

/** A field with a choice of few. */
export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  options,
  ...select
}: OfField &
  SelectHTMLAttributes<HTMLSelectElement> & {
    readonly options: readonly { readonly value: string; readonly label: string }[];
  }) {
  const field = { label, hint, error, hideLabel, className } as OfField;
  return (
    <Field {...field}>
      {(control) => (
        <select {...select} {...control}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
