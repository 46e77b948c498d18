import { Button } from '../../components/button.tsx';
import { Choice } from '../../components/choice.tsx';
import { TextField } from '../../components/field.tsx';
import styles from '../../forms/form.module.css';
import { FormPart } from '../../forms/form-part.tsx';
import { InstantField } from '../../forms/instant-field.tsx';
import { problemAt, type Problems } from '../../forms/problems.ts';
import type { TimerForm } from '../../forms/timer-form.ts';
import { durationHint } from '../../forms/timing-fields.tsx';
import { ZoneField } from '../../forms/zone-field.tsx';

const KINDS = [
  { value: 'delay', label: 'After a delay' },
  { value: 'instant', label: 'At an instant' },
] as const;
const DELAYS = ['0s', '10s', '5m', '15m', '1h', '1d'];

/** When the timer is due. */
export function WhenPart({
  form,
  change,
  problems,
}: {
  readonly form: TimerForm;
  readonly change: (fields: Partial<TimerForm>) => void;
  readonly problems: Problems;
}) {
  return (
    <FormPart title="When">
      <Choice
        label="Kind of instant"
        hideLabel
        value={form.when}
        options={KINDS}
        onChange={(when) => {
          change({ when });
        }}
      />
      {form.when === 'delay' ? (
        <div>
          <TextField
            label="Delay"
            placeholder="15m"
            hint={durationHint(form.delay) ?? 'Such as 90s, 1h30m or 2d'}
            value={form.delay}
            error={problemAt(problems, 'delay')}
            onChange={(event) => {
              change({ delay: event.target.value });
            }}
          />
          <div className={styles.presets} role="group" aria-label="Usual delays">
            {DELAYS.map((delay) => (
              <Button
                key={delay}
                small
                aria-pressed={form.delay.trim() === delay}
                onClick={() => {
                  change({ delay });
                }}
              >
                {delay === '0s' ? 'now' : delay}
              </Button>
            ))}
          </div>
        </div>
      ) : (
        <div className={styles.row}>
          <InstantField
            label="Instant"
            zone={form.zone.trim()}
            value={form.executeAt}
            hint={`On the clocks of ${form.zone}`}
            error={problemAt(problems, 'execute_at')}
            onChange={(executeAt) => {
              change({ executeAt });
            }}
          />
          <ZoneField
            label="Time zone"
            value={form.zone}
            onChange={(zone) => {
              change({ zone });
            }}
          />
        </div>
      )}
    </FormPart>
  );
}
