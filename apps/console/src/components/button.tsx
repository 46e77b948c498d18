import type { ButtonHTMLAttributes } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './button.module.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one thing to do; `danger`: what is hard to take back; `quiet`: without a frame. */
  readonly kind?: 'primary' | 'danger' | 'quiet' | 'plain';
  readonly small?: boolean;
  /** Shows that the action runs, and takes no further clicks. */
  readonly busy?: boolean;
}

export function Button({ kind = 'plain', small, busy, className, onClick, type, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type ?? 'button'}
      aria-busy={busy === true ? true : undefined}
      aria-disabled={busy === true ? true : undefined}
      onClick={
        busy === true
          ? (event) => {
              event.preventDefault();
            }
          : onClick
      }
      className={classNames(styles.button, styles[kind], small === true && styles.small, className)}
    />
  );
}
