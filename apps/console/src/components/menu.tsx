import { type ReactNode, useId, useRef } from 'react';
import { Button } from './button.tsx';
import styles from './menu.module.css';

interface MenuProps {
  /** Content of the button. */
  readonly label: ReactNode;
  /** What the button is, where its content does not say so. Screen readers say it before the content. */
  readonly name?: string;
  readonly kind?: 'plain' | 'quiet';
  readonly small?: boolean;
  readonly align?: 'start' | 'end';
  /** Buttons and links ({@link MenuItem}), or any content. Choosing closes the menu. */
  readonly children: ReactNode;
}

/** A button that opens a popover below it. Escape and a click elsewhere close it. */
export function Menu({ label, name, kind = 'quiet', small, align = 'end', children }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLSpanElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const place = () => {
    const box = button.current?.getBoundingClientRect();
    const menu = popover.current;
    if (box === undefined || menu === null) return;
    menu.style.top = `${box.bottom + 4}px`;
    if (align === 'start') menu.style.left = `${Math.max(8, box.left)}px`;
    else menu.style.right = `${Math.max(8, document.documentElement.clientWidth - box.right)}px`;
  };
  return (
    <span ref={button} className={styles.anchor}>
      <Button kind={kind} {...(small === undefined ? {} : { small })} popoverTarget={id}>
        {name !== undefined && <span className="visually-hidden">{name}, </span>}
        {label}
      </Button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        className={styles.menu}
        onBeforeToggle={place}
        onClick={(event) => {
          if (event.target instanceof Element && event.target.closest('[data-menu-item]') !== null)
            popover.current?.hidePopover();
        }}
      >
        {children}
      </div>
    </span>
  );
}

/** A choice in a menu. */
export function MenuItem({
  onSelect,
  checked,
  danger,
  children,
}: {
  readonly onSelect: () => void;
  readonly checked?: boolean;
  readonly danger?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <button
      type="button"
      data-menu-item=""
      data-danger={danger === true ? '' : undefined}
      aria-pressed={checked}
      className={styles.item}
      onClick={onSelect}
    >
      {checked !== undefined && (
        <span aria-hidden="true" className={styles.check}>
          {checked ? '✓' : ''}
        </span>
      )}
      {children}
    </button>
  );
}
