import { AreaField } from '../components/area-field.tsx';
import { Button } from '../components/button.tsx';
import { Choice } from '../components/choice.tsx';
import { TextField } from '../components/field.tsx';
import { formatJson, parseJsonText } from '../lib/json-text.ts';
import type { CallbackForm } from './callback-form.ts';
import styles from './form.module.css';
import { HeaderFields } from './header-fields.tsx';
import { problemAt, type Problems } from './problems.ts';

interface CallbackFieldsProps {
  readonly value: CallbackForm;
  readonly onChange: (value: CallbackForm) => void;
  readonly problems: Problems;
}

const TYPES = [
  { value: 'http', label: 'HTTP request' },
  { value: 'nats', label: 'NATS message' },
] as const;

/** What is delivered, and where to. */
export function CallbackFields({ value, onChange, problems }: CallbackFieldsProps) {
  const change = (fields: Partial<CallbackForm>) => {
    onChange({ ...value, ...fields });
  };
  const error = (field: string) => problemAt(problems, `callback.${field}`);
  return (
    <>
      <Choice
        label="Kind of callback"
        hideLabel
        value={value.type}
        options={TYPES}
        onChange={(type) => {
          change({ type });
        }}
      />
      {value.type === 'http' ? (
        <TextField
          label="URL"
          type="url"
          placeholder="https://example.com/hook"
          hint="The service sends a POST request to it."
          value={value.url}
          error={error('url')}
          onChange={(event) => {
            change({ url: event.target.value });
          }}
        />
      ) : (
        <NatsFields value={value} change={change} error={error} />
      )}
      <HeaderFields
        headers={value.headers}
        error={error('headers')}
        onChange={(headers) => {
          change({ headers });
        }}
      />
      <JsonField
        label="Payload"
        hint={
          value.type === 'http'
            ? 'JSON, the body of the request. Empty: no body.'
            : 'JSON. Empty: no content.'
        }
        placeholder='{ "order": 42 }'
        rows={6}
        value={value.payload}
        error={error('payload')}
        onChange={(payload) => {
          change({ payload });
        }}
      />
      {value.type === 'http' && (
        <div className={styles.row}>
          <TextField
            label="Time limit of an attempt, in milliseconds"
            inputMode="numeric"
            placeholder="30000"
            value={value.timeoutMs}
            error={error('timeout_ms')}
            onChange={(event) => {
              change({ timeoutMs: event.target.value });
            }}
          />
        </div>
      )}
    </>
  );
}

function NatsFields({
  value,
  change,
  error,
}: {
  readonly value: CallbackForm;
  readonly change: (fields: Partial<CallbackForm>) => void;
  readonly error: (field: string) => string | undefined;
}) {
  return (
    <>
      <div className={styles.row}>
        <TextField
          label="Topic"
          placeholder="orders.due"
          hint="The subject, or its first part."
          value={value.topic}
          error={error('topic')}
          onChange={(event) => {
            change({ topic: event.target.value });
          }}
        />
        <TextField
          label="Key (optional)"
          placeholder="42"
          hint="The second part: topic.key."
          value={value.subjectKey}
          error={error('key')}
          onChange={(event) => {
            change({ subjectKey: event.target.value });
          }}
        />
      </div>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={value.jetstream}
          onChange={(event) => {
            change({ jetstream: event.target.checked });
          }}
        />
        <span>
          JetStream
          <span className={styles.checkHint}>Delivered only when a stream has acknowledged the message.</span>
        </span>
      </label>
    </>
  );
}

/** JSON as text, checked while it is typed and tidied when it is left. */
export function JsonField({
  label,
  hint,
  placeholder,
  rows = 4,
  value,
  error,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly placeholder?: string;
  readonly rows?: number;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (text: string) => void;
}) {
  const parsed = value.trim() === '' ? undefined : parseJsonText(value);
  return (
    <div>
      <AreaField
        label={label}
        hint={hint}
        placeholder={placeholder}
        rows={rows}
        value={value}
        error={parsed?.ok === false ? parsed.problem : error}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      {parsed?.ok === true && formatJson(parsed.value) !== value && (
        <Button
          small
          kind="quiet"
          onClick={() => {
            onChange(formatJson(parsed.value));
          }}
        >
          Tidy the JSON
        </Button>
      )}
    </div>
  );
}
