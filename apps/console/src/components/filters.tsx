import { type ReactNode, type SubmitEvent, useEffect, useId, useState } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './filters.module.css';

/** A row of filters. They apply as they are chosen: the values are in the address. */
export function Filters({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <form
      role="search"
      aria-label={label}
      className={styles.filters}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
      }}
    >
      {children}
    </form>
  );
}

/** Waits for a pause in the typing before a text applies. */
const TYPING_MS = 350;

interface TextFilterProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly placeholder?: string;
  /** The filter that `/` goes to. */
  readonly main?: boolean;
  readonly wide?: boolean;
  /** Offered while typing. */
  readonly suggestions?: readonly string[];
  /** What is wrong with a text, if anything: it does not apply then. */
  readonly check?: (text: string) => string | undefined;
}

/** A text to filter by. Enter applies it at once. */
export function TextFilter({
  label,
  value = '',
  onChange,
  placeholder,
  main,
  wide,
  suggestions,
  check,
}: TextFilterProps) {
  const [typed, setTyped] = useState(value);
  const [applied, setApplied] = useState(value);
  const [problem, setProblem] = useState<string>();
  const problemId = useId();
  if (value !== applied) {
    // The address changed by other means.
    setApplied(value);
    setTyped(value);
    setProblem(undefined);
  }
  const apply = (isWhole: boolean) => {
    const text = typed.trim();
    const found = text === '' ? undefined : check?.(text);
    // A text half typed is no mistake yet.
    if (isWhole || found === undefined) setProblem(found);
    if (text === value || found !== undefined) return;
    setApplied(text);
    onChange(text === '' ? undefined : text);
  };
  useEffect(() => {
    if (typed.trim() === value) return;
    const waiting = window.setTimeout(apply, TYPING_MS, false);
    return () => {
      window.clearTimeout(waiting);
    };
  });
  const listId = suggestions === undefined ? undefined : `filter-${label.replaceAll(/\W+/g, '-')}`;
  return (
    <label className={classNames(styles.filter, wide === true && styles.wide)}>
      <span className={styles.label}>{label}</span>
      <input
        className={styles.control}
        data-filter={main === true ? '' : undefined}
        type="search"
        value={typed}
        placeholder={placeholder}
        list={listId}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setTyped(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') apply(true);
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        onBlur={() => {
          apply(true);
        }}
        aria-invalid={problem === undefined ? undefined : true}
        aria-describedby={problem === undefined ? undefined : problemId}
      />
      {problem !== undefined && (
        <span id={problemId} className={styles.problem}>
          {problem}
        </span>
      )}
      {listId !== undefined && (
        <datalist id={listId}>
          {suggestions?.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </label>
  );
}

/** A choice to filter by; '' stands for all. */
export function SelectFilter({
  label,
  value = '',
  onChange,
  options,
}: {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}) {
  return (
    <label className={styles.filter}>
      <span className={styles.label}>{label}</span>
      <select
        className={styles.control}
        value={value}
        onChange={(event) => {
          onChange(event.target.value === '' ? undefined : event.target.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
