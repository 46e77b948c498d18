import { Button } from '../components/button.tsx';
import { TextField } from '../components/field.tsx';
import type { HeaderField } from './callback-form.ts';
import styles from './form.module.css';

interface HeaderFieldsProps {
  readonly headers: readonly HeaderField[];
  readonly error: string | undefined;
  readonly onChange: (headers: readonly HeaderField[]) => void;
}

/** The headers of a callback, one in a row. */
export function HeaderFields({ headers, error, onChange }: HeaderFieldsProps) {
  const change = (index: number, fields: Partial<HeaderField>) => {
    onChange(headers.map((header, at) => (at === index ? { ...header, ...fields } : header)));
  };
  return (
    <div className={styles.headers} role="group" aria-label="Headers">
      <span className={styles.groupLabel}>Headers</span>
      {headers.map((header, index) => (
        <div key={index} className={styles.headerRow}>
          <TextField
            label={`Name of header ${index + 1}`}
            hideLabel
            placeholder="X-Order"
            value={header.name}
            onChange={(event) => {
              change(index, { name: event.target.value });
            }}
          />
          <TextField
            label={`Value of header ${index + 1}`}
            hideLabel
            placeholder="42"
            value={header.value}
            onChange={(event) => {
              change(index, { value: event.target.value });
            }}
          />
          <Button
            kind="quiet"
            aria-label={`Remove header ${index + 1}${header.name === '' ? '' : `, ${header.name}`}`}
            onClick={() => {
              onChange(headers.filter((_, at) => at !== index));
            }}
          >
            ×
          </Button>
        </div>
      ))}
      {error !== undefined && (
        <div className={styles.error} role="alert">
          {error}
        </div>
      )}
      <div>
        <Button
          small
          onClick={() => {
            onChange([...headers, { name: '', value: '' }]);
          }}
        >
          Add a header
        </Button>
      </div>
    </div>
  );
}
