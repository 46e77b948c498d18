/** A message about something done, at the corner of the page. */
export interface Toast {
  readonly id: number;
  readonly kind: 'done' | 'error';
  readonly message: string;
  /** What can be done about it: "Undo". */
  readonly action?: ToastAction;
}

export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

const SHOWN_MS = 6_000;
const WITH_ACTION_MS = 20_000;
const MAX_TOASTS = 4;

const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let lastId = 0;

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Shows a message. Errors stay until they are dismissed. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  const id = (lastId += 1);
  change([...toasts.slice(1 - MAX_TOASTS), { ...toast, id }]);
  if (toast.kind === 'error') return;
  window.setTimeout(
    () => {
      dismissToast(id);
    },
    toast.action === undefined ? SHOWN_MS : WITH_ACTION_MS,
  );
}

export function dismissToast(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

export function listToasts(): readonly Toast[] {
  return toasts;
}

export function subscribeToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
