import { useMutation } from '@tanstack/react-query';
import type { Schedule, ScheduleBackfill } from '@timer-platform/callback-types';
import { useState } from 'react';
import { request } from '../../api/http.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Instant } from '../../components/instant.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import { InstantField } from '../../forms/instant-field.tsx';
import { durationHint } from '../../forms/timing-fields.tsx';
import { now } from '../../lib/clock.ts';
import { formatCountOf } from '../../lib/format-number.ts';
import { type LocalTime, localTimeOf, resolveLocalTime } from '../../lib/zoned-time.ts';
import { useTimeZone } from '../../preferences/preferences.ts';
import styles from './schedule-screen.module.css';

const DAY = 86_400_000;
const SECOND = 1_000;

interface Range {
  readonly from: string;
  readonly to: string;
  readonly spacing: string | undefined;
}

/** Counts what a backfill would create, and creates it when it has been counted. */
export function BackfillDialog({
  schedule,
  onClose,
}: {
  readonly schedule: Schedule;
  readonly onClose: () => void;
}) {
  const zone = useTimeZone();
  const [[from, to], setBounds] = useState<readonly [LocalTime, LocalTime]>(() => {
    const end = Math.floor(now() / SECOND) * SECOND;
    return [localTimeOf(end - DAY, zone), localTimeOf(end, zone)];
  });
  const [spacing, setSpacing] = useState('');
  const send = (range: Range, dryRun: boolean) =>
    request<ScheduleBackfill>('POST', `/schedules/${encodeURIComponent(schedule.key)}/backfill`, {
      body: { ...range, dry_run: dryRun },
    });
  const count = useMutation({ mutationFn: (range: Range) => send(range, true) });
  const backfill = useAction({
    run: (range: Range) => send(range, false),
    changes: ['/schedules', '/timers', '/stats'],
    done: ({ created }) => `Backfilled ${schedule.key}: ${formatCountOf(created, 'timer')} created`,
    onSuccess: ({ warning }) => {
      if (warning === null) onClose();
    },
    onError: () => undefined,
  });
  const [start, end] = [resolveLocalTime(from, zone), resolveLocalTime(to, zone)];
  const range: Range | undefined =
    start.kind === 'instant' && end.kind === 'instant'
      ? {
          from: new Date(start.at).toISOString(),
          to: new Date(end.at).toISOString(),
          spacing: spacing.trim() === '' ? undefined : spacing.trim(),
        }
      : undefined;
  const change = (apply: () => void) => {
    apply();
    count.reset();
    backfill.reset();
  };
  const counted = backfill.data ?? count.data;
  const creatable = counted === undefined ? 0 : counted.occurrences - counted.already_exist;
  return (
    <Dialog
      title={`Backfill ${schedule.key}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{backfill.data === undefined ? 'Back' : 'Close'}</Button>
          {count.data === undefined ? (
            <Button
              kind="primary"
              busy={count.isPending}
              disabled={range === undefined}
              onClick={() => {
                if (range !== undefined) count.mutate(range);
              }}
            >
              Count them
            </Button>
          ) : (
            backfill.data === undefined && (
              <Button
                kind="primary"
                busy={backfill.isPending}
                disabled={creatable === 0 || range === undefined}
                onClick={() => {
                  if (range !== undefined) backfill.mutate(range);
                }}
              >
                {creatable === 0 ? 'Nothing to create' : `Create ${formatCountOf(creatable, 'timer')}`}
              </Button>
            )
          )}
        </>
      }
    >
      Creates the occurrences of a time in the past that do not exist, due at once. They are counted first.
      <div className={styles.fields}>
        <InstantField
          label="From"
          zone={zone}
          value={from}
          onChange={(value) => {
            change(() => {
              setBounds([value, to]);
            });
          }}
        />
        <InstantField
          label="To"
          zone={zone}
          value={to}
          onChange={(value) => {
            change(() => {
              setBounds([from, value]);
            });
          }}
        />
        <TextField
          label="Time between them"
          placeholder={schedule.catch_up_spacing}
          hint={durationHint(spacing) ?? 'Spreads the load on the receiver.'}
          value={spacing}
          onChange={(event) => {
            change(() => {
              setSpacing(event.target.value);
            });
          }}
        />
        <ErrorNote error={count.error ?? backfill.error} />
        {counted !== undefined && <Counted result={counted} />}
      </div>
    </Dialog>
  );
}

function Counted({ result }: { readonly result: ScheduleBackfill }) {
  const { occurrences, already_exist, created, first, last, warning, dry_run } = result;
  return (
    <div role="status">
      <strong>{formatCountOf(occurrences, 'occurrence')}</strong> in that time
      {occurrences > 0 && (
        <>
          , from <Instant at={first} /> to <Instant at={last} />
        </>
      )}
      {already_exist > 0 && `; ${formatCountOf(already_exist, 'of them exists', 'of them exist')} already`}.
      {!dry_run && ` ${formatCountOf(created, 'timer')} created.`}
      {warning !== null && (
        <p className={styles.pause}>
          <strong>Note:</strong> {warning}
        </p>
      )}
    </div>
  );
}
