/** Where there is nothing to show. On phones, where rows are cards, such a cell is left out. */
export function None() {
  return (
    <span className="muted" data-none="">
      –
    </span>
  );
}
