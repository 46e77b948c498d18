import { Choice } from '../components/choice.tsx';
import { Field } from '../components/field.tsx';
import { formatInstant, localParts } from '../lib/format-instant.ts';
import { type LocalTime, resolveLocalTime } from '../lib/zoned-time.ts';

interface InstantFieldProps {
  readonly label: string;
  readonly value: LocalTime;
  /** The clocks that are read. */
  readonly zone: string;
  readonly onChange: (value: LocalTime) => void;
  readonly hint?: string;
  readonly error?: string | undefined;
}

/** A date and time in a zone. Says which instant it is; asks which one where clocks go back over it. */
export function InstantField({ label, value, zone, onChange, hint, error }: InstantFieldProps) {
  const resolved = resolveLocalTime(value, zone);
  const problem = resolved.kind === 'invalid' ? resolved.problem : error;
  const meaning =
    resolved.kind === 'instant'
      ? `${localParts(resolved.at, zone).offset} in ${zone}, ${formatInstant(resolved.at, 'UTC')} UTC`
      : hint;
  return (
    <div>
      <Field label={label} hint={meaning} error={problem}>
        {(control) => (
          <input
            type="datetime-local"
            step="1"
            max="9999-12-31T23:59:59"
            {...control}
            value={value.text}
            onChange={(event) => {
              onChange({ text: event.target.value, pass: 'first' });
            }}
          />
        )}
      </Field>
      {resolved.kind === 'instant' && resolved.passes.length > 1 && (
        <Choice
          label={`Clocks in ${zone} go back over this time: which of the two?`}
          value={value.pass}
          options={(['first', 'second'] as const).map((pass, index) => ({
            value: pass,
            label: `${pass}, ${localParts(resolved.passes[index] ?? resolved.at, zone).offset}`,
          }))}
          onChange={(pass) => {
            onChange({ ...value, pass });
          }}
        />
      )}
    </div>
  );
}
