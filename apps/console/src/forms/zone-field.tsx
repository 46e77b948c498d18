import { useId } from 'react';
import { Field } from '../components/field.tsx';
import { isZone } from '../preferences/preferences.ts';

interface ZoneFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (zone: string) => void;
  readonly hint?: string;
  readonly error?: string | undefined;
}

/** A time zone, found by typing a part of its name. */
export function ZoneField({ label, value, onChange, hint, error }: ZoneFieldProps) {
  const list = useId();
  const zone = value.trim();
  const known = zone !== '' && zone !== 'local' && isZone(zone);
  const problem = known ? error : 'is no time zone that this browser knows; names look like Europe/Berlin';
  return (
    <Field label={label} hint={hint} error={problem}>
      {(control) => (
        <>
          <input
            type="text"
            list={list}
            autoComplete="off"
            spellCheck={false}
            placeholder="Europe/Berlin"
            {...control}
            value={value}
            onFocus={(event) => {
              event.target.select();
            }}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
          <datalist id={list}>
            {['UTC', ...Intl.supportedValuesOf('timeZone')].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
