import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { FILTER_LABELS } from '../../timers/filter-words.ts';
import { interpretSearch, type SearchTarget } from '../../timers/interpret-search.ts';
import type { FilterName } from '../../timers/timer-filters.ts';
import styles from './timers-screen.module.css';

/** Goes to the timer of an id, and makes a filter of any other text. */
export function TimerSearch({ onFilter }: { readonly onFilter: (name: FilterName, value: string) => void }) {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const id = useId();
  const target = interpretSearch(typed);
  const go = () => {
    if (target === undefined) return;
    setTyped('');
    if (target.kind === 'timer') void navigate({ to: '/timers/$id', params: { id: target.id } });
    else onFilter(target.name, target.value);
  };
  return (
    <div className={styles.search}>
      <label htmlFor={id} className={styles.searchLabel}>
        Find
      </label>
      <input
        id={id}
        className={styles.searchInput}
        data-filter=""
        type="search"
        value={typed}
        placeholder="Id, key, URL, team=billing, or text of an error"
        spellCheck={false}
        autoComplete="off"
        enterKeyHint="search"
        aria-describedby={`${id}-meaning`}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <div id={`${id}-meaning`} className={styles.meaning} aria-live="polite">
        {target !== undefined && (
          <>
            <kbd>Enter</kbd> {meaningOf(target)}
          </>
        )}
      </div>
    </div>
  );
}

function meaningOf(target: SearchTarget): string {
  if (target.kind === 'timer') return 'opens this timer';
  return `${FILTER_LABELS[target.name].toLowerCase()}${target.name === 'last_error' ? '' : ' is'} ${target.value}`;
}
