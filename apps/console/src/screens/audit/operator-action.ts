/** An entry of the audit log. */
export interface OperatorAction {
  readonly id: string;
  readonly at: string;
  readonly client: string;
  readonly action: string;
  readonly target: string | null;
  readonly request: unknown;
  readonly affected: number;
  readonly undo_of: string | null;
  readonly undone_at: string | null;
  readonly undoable: boolean;
}

export interface ActionPage {
  readonly actions: readonly OperatorAction[];
  readonly next_cursor: string | null;
}
