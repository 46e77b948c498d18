import { Link, type LinkProps } from '@tanstack/react-router';
import { classNames } from '../lib/class-names.ts';
import styles from './button.module.css';

/** A link to another screen that looks like a button. */
export function ButtonLink({
  kind = 'plain',
  small,
  ...link
}: LinkProps & { readonly kind?: 'primary' | 'quiet' | 'plain'; readonly small?: boolean }) {
  return (
    <Link {...link} className={classNames(styles.button, styles[kind], small === true && styles.small)} />
  );
}
