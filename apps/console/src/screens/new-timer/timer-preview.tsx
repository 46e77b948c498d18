import { apiBase } from '../../api/addresses.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Badge } from '../../components/status-badge.tsx';
import styles from '../../forms/form.module.css';
import { dueOf, dueWarning } from '../../forms/timer-due.ts';
import { type TimerForm, timerRequestOf } from '../../forms/timer-form.ts';
import { useTwoZones } from '../../forms/use-two-zones.ts';
import { API_KEY_HEADER, curlOf } from '../../lib/curl.ts';
import { formatRelative } from '../../lib/format-duration.ts';
import { formatInstant, localParts } from '../../lib/format-instant.ts';
import { useNow } from '../../lib/use-now.ts';

/** When the timer in the form would be due, and the request that stores it. */
export function TimerPreview({ form }: { readonly form: TimerForm }) {
  const now = useNow();
  const zones = useTwoZones(form.zone.trim());
  const due = dueOf(form, now);
  const warning = dueWarning(form, now);
  return (
    <>
      <section className={styles.panel} aria-label="Preview">
        <h2 className={styles.panelTitle}>Due</h2>
        <p className={styles.words}>{due === undefined ? 'Not known yet' : formatRelative(due, now)}</p>
        {due !== undefined && <Clocks at={due} zones={zones} />}
        {warning !== undefined && (
          <div role="status">
            <Badge tone="warn">
              <span className={styles.warning}>{warning}</span>
            </Badge>
          </div>
        )}
      </section>
      <CodeBlock
        label="The same by the API"
        text={curlOf({
          method: 'POST',
          url: `${location.origin}${apiBase()}/timers`,
          headers: API_KEY_HEADER,
          body: timerRequestOf(form).request,
        })}
      />
    </>
  );
}

function Clocks({ at, zones }: { readonly at: number; readonly zones: readonly string[] }) {
  return (
    <dl className={styles.clocks}>
      {zones.map((zone) => {
        try {
          return (
            <div key={zone}>
              <dt>
                {zone} {zone === 'UTC' ? '' : localParts(at, zone).offset}
              </dt>
              <dd>{formatInstant(at, zone)}</dd>
            </div>
          );
        } catch {
          // A zone that is being typed.
          return null;
        }
      })}
    </dl>
  );
}
