import type { ReactNode, TextareaHTMLAttributes } from 'react';
import { Field } from './field.tsx';

/** A field with several lines of text. */
export function AreaField({
  label,
  hint,
  error,
  ...area
}: TextareaHTMLAttributes<HTMLTextAreaElement> & {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <textarea autoComplete="off" spellCheck={false} {...area} {...control} />}
    </Field>
  );
}
