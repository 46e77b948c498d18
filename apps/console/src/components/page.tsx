import { type ReactNode, useEffect } from 'react';
import styles from './page.module.css';

interface PageProps {
  /** The heading, and the title of the document. */
  readonly title: string;
  /** Beside the heading: a badge, a count. */
  readonly aside?: ReactNode;
  /** Buttons at the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A screen: heading, actions, content. */
export function Page({ title, aside, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Timer console`;
  }, [title]);
  return (
    <>
      <header className={styles.header}>
        <h1 className={styles.title}>{title}</h1>
        {aside}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a screen, with a heading. */
export function Section({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHeader}>
        <h2 className={styles.sectionTitle}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
