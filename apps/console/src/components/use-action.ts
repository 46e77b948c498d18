import { useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';
import { keyOf } from '../api/queries.ts';
import { showToast, type ToastAction } from './toasts.ts';

interface Action<Input, Result> {
  readonly run: (input: Input) => Promise<Result>;
  /** Paths whose queries are read again afterwards: `['/timers', '/stats']`. */
  readonly changes: readonly string[];
  /** What was done, in the past: "Paused https://a.example". null: says nothing. */
  readonly done?: (result: Result, input: Input) => string | null;
  /** Offered beside the message: "Undo". */
  readonly undo?: (result: Result, input: Input) => ToastAction | undefined;
  readonly onSuccess?: (result: Result, input: Input) => void;
  /** By default the error is shown as a toast; forms show it themselves. */
  readonly onError?: (error: Error) => void;
}

/** Something that changes the service: says what was done or why not, and reads again what it changed. */
export function useAction<Input, Result>({
  run,
  changes,
  done,
  undo,
  onSuccess,
  onError,
}: Action<Input, Result>): UseMutationResult<Result, Error, Input> {
  const client = useQueryClient();
  return useMutation<Result, Error, Input>({
    mutationFn: run,
    onSuccess: (result, input) => {
      const message = done?.(result, input) ?? null;
      const action = undo?.(result, input);
      if (message !== null) showToast({ kind: 'done', message, ...(action === undefined ? {} : { action }) });
      onSuccess?.(result, input);
      for (const path of changes) void client.invalidateQueries({ queryKey: keyOf(path) });
    },
    onError: (error) => {
      if (onError === undefined) showToast({ kind: 'error', message: error.message });
      else onError(error);
    },
  });
}
