import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useId, useState, useSyncExternalStore } from 'react';
import { keyOf } from '../api/queries.ts';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { ErrorNote, Skeleton } from '../components/states.tsx';
import { showToast } from '../components/toasts.ts';
import { useAction } from '../components/use-action.ts';
import { formatCount, formatCountOf } from '../lib/format-number.ts';
import { useTimeZone } from '../preferences/preferences.ts';
import { bulkRequests, undoAction } from './bulk-api.ts';
import { BULK_WORDS, type BulkKind, type BulkTarget, isEverything } from './bulk-change.ts';
import styles from './bulk-dialog.module.css';
import { type BulkCount, type BulkProgress, type BulkTotals, doneShare, isRunning } from './bulk-progress.ts';
import { createBulkRunner } from './bulk-runner.ts';
import { RescheduleFields } from './reschedule-fields.tsx';
import { readRescheduleForm, type RescheduleForm } from './reschedule-form.ts';

interface BulkDialogProps {
  readonly kind: BulkKind;
  readonly target: BulkTarget;
  readonly onClose: () => void;
  /** Said beside the count: that it may be more than what was shown. */
  readonly note?: ReactNode;
}

/** What a bulk change alters. */
const CHANGED = ['/timers', '/stats', '/forecast', '/actions', '/destinations'];

/** Counts the timers of a target, asks, changes them by one request after the other, and offers to undo it. */
export function BulkDialog({ kind, target, onClose, note }: BulkDialogProps) {
  const words = BULK_WORDS[kind];
  const zone = useTimeZone();
  const client = useQueryClient();
  const [runner] = useState(() => createBulkRunner(bulkRequests(kind, target)));
  const progress = useSyncExternalStore(runner.subscribe, runner.progress);
  const [form, setForm] = useState<RescheduleForm>({ way: 'delay', duration: '15m', at: '', spread: '' });
  const [sure, setSure] = useState(false);
  const undo = useAction({ run: undoAction, changes: CHANGED, onError: () => undefined });

  useEffect(() => {
    void runner.count();
    return runner.stop;
  }, [runner]);
  const { step } = progress;
  useEffect(() => {
    if (step !== 'finished' && step !== 'stopped' && step !== 'interrupted') return;
    for (const path of CHANGED) void client.invalidateQueries({ queryKey: keyOf(path) });
  }, [step, client]);

  const reading = readRescheduleForm(form, zone);
  const everything = isEverything(target);
  const ready =
    progress.step === 'counted' &&
    (progress.count.matched > 0 || progress.count.more) &&
    (!everything || sure) &&
    (kind !== 'reschedule' || reading.errors === null);
  const start = () => {
    void runner.start(kind === 'reschedule' ? (reading.fields ?? {}) : {});
  };
  const undoId = words.undoable && 'totals' in progress ? progress.totals.actionId : null;
  const canUndo = undoId !== null && !isRunning(progress) && !undo.isSuccess;
  const close = () => {
    // Escape must not leave a change that nobody watches.
    if (isRunning(progress)) {
      runner.stop();
      return;
    }
    if (canUndo && 'totals' in progress)
      showToast({
        kind: 'done',
        message: `${words.done} ${formatCountOf(progress.totals.changed, 'timer')}`,
        action: {
          label: 'Undo',
          run: () => {
            undo.mutate(undoId, {
              onSuccess: ({ restored, skipped }) => {
                showToast({ kind: 'done', message: undoneText(restored, skipped) });
              },
              onError: (error) => {
                showToast({ kind: 'error', message: error.message });
              },
            });
          },
        },
      });
    onClose();
  };

  return (
    <Dialog
      title={`${words.verb} timers`}
      onClose={close}
      footer={
        <Footer
          progress={progress}
          ready={ready}
          label={confirmLabel(words.verb, progress)}
          danger={kind === 'cancel'}
          onStart={start}
          onStop={runner.stop}
          onResume={() => void runner.resume()}
          onRecount={() => void runner.count()}
          onClose={close}
          undo={
            canUndo ? (
              <Button
                busy={undo.isPending}
                onClick={() => {
                  undo.mutate(undoId);
                }}
              >
                Undo
              </Button>
            ) : null
          }
        />
      }
    >
      <ul className={styles.words} aria-label="Which timers">
        <li>{words.from}</li>
        {target.words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ul>
      {'count' in progress && progress.step === 'counted' && (
        <>
          <Counted count={progress.count} from={words.from} />
          {note !== undefined && <p className={styles.note}>{note}</p>}
          {kind === 'reschedule' && (
            <RescheduleFields form={form} errors={reading.errors} onChange={setForm} zone={zone} />
          )}
          <p className={styles.text}>{words.effect}</p>
          {everything && progress.count.matched > 0 && (
            <Sure state={words.from} checked={sure} onChange={setSure} />
          )}
        </>
      )}
      {progress.step === 'counting' && <Skeleton lines={2} />}
      {progress.step === 'count_failed' && <ErrorNote error={progress.error} />}
      {'totals' in progress && <Totals progress={progress} done={words.done} />}
      <ErrorNote error={undo.error} />
      {undo.isSuccess && (
        <p className={styles.text} role="status">
          {undoneText(undo.data.restored, undo.data.skipped)}
        </p>
      )}
    </Dialog>
  );
}

function undoneText(restored: number, skipped: number): string {
  const text = `Undone: ${formatCountOf(restored, 'timer')} as before`;
  return skipped === 0 ? text : `${text}, ${formatCount(skipped)} left alone, changed since`;
}

function confirmLabel(verb: string, progress: BulkProgress): string {
  if (progress.step !== 'counted') return verb;
  const { matched, more } = progress.count;
  if (matched === 0 && !more) return verb;
  return more ? `${verb} all of them` : `${verb} ${formatCountOf(matched, 'timer')}`;
}

function Counted({ count: { matched, more }, from }: { readonly count: BulkCount; readonly from: string }) {
  return (
    <div role="status">
      <p className={styles.count}>
        {formatCountOf(matched, 'timer')}
        {more && ' or more'}
      </p>
      {more && <p className={styles.note}>The count stops there. All that match are changed.</p>}
      {matched === 0 && !more && <p className={styles.text}>No {from} timer matches.</p>}
    </div>
  );
}

function Sure({
  state,
  checked,
  onChange,
}: {
  readonly state: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      <label htmlFor={id}>There is no filter: I mean every {state} timer</label>
    </div>
  );
}

type WithTotals = Extract<BulkProgress, { readonly totals: BulkTotals }>;

const STEP_TEXTS: Readonly<Record<WithTotals['step'], string>> = {
  running: 'Under way',
  stopped: 'Stopped. What was done stays done',
  interrupted: 'Interrupted. What was done stays done',
  finished: 'Done',
};

function Totals({ progress, done }: { readonly progress: WithTotals; readonly done: string }) {
  const { count, totals, step } = progress;
  const share = step === 'finished' ? 1 : doneShare(count, totals);
  const stopping = step === 'running' && progress.stopping;
  return (
    <>
      <p className={styles.text} role="status">
        {stopping ? 'Stopping after the request under way' : STEP_TEXTS[step]}.
      </p>
      <progress
        className={styles.progress}
        aria-label="Progress"
        {...(share === null ? {} : { value: share })}
      />
      <p className={styles.text}>
        {done} <strong className="number">{formatCountOf(totals.changed, 'timer')}</strong>
        {step !== 'finished' && !count.more && ` of ${formatCount(count.matched)}`}
        {totals.skipped > 0 && `; ${formatCount(totals.skipped)} left alone`}.
      </p>
      {totals.skipped > 0 && (
        <p className={styles.note}>
          Left alone: their attempt is about to start, their key is in use, or they would expire first.
        </p>
      )}
      {step === 'interrupted' && <ErrorNote error={progress.error} />}
    </>
  );
}

function Footer({
  progress,
  ready,
  label,
  danger,
  undo,
  onStart,
  onStop,
  onResume,
  onRecount,
  onClose,
}: {
  readonly progress: BulkProgress;
  readonly ready: boolean;
  readonly label: string;
  readonly danger: boolean;
  readonly undo: ReactNode;
  readonly onStart: () => void;
  readonly onStop: () => void;
  readonly onResume: () => void;
  readonly onRecount: () => void;
  readonly onClose: () => void;
}) {
  switch (progress.step) {
    case 'counting':
    case 'counted':
      return (
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind={danger ? 'danger' : 'primary'} disabled={!ready} onClick={onStart}>
            {label}
          </Button>
        </>
      );
    case 'count_failed':
      return (
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" onClick={onRecount}>
            Count again
          </Button>
        </>
      );
    case 'running':
      return (
        <Button busy={progress.stopping} onClick={onStop}>
          Stop
        </Button>
      );
    case 'stopped':
    case 'interrupted':
      return (
        <>
          {undo}
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" onClick={onResume}>
            Continue
          </Button>
        </>
      );
    case 'finished':
      return (
        <>
          {undo}
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </>
      );
  }
}
