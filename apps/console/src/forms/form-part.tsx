import { type ReactNode, useId, useState } from 'react';
import styles from './form.module.css';

interface FormPartProps {
  readonly title: string;
  readonly note?: string;
  readonly children: ReactNode;
}

/** Fields that belong together. */
export function FormPart({ title, note, children }: FormPartProps) {
  const id = useId();
  return (
    <section className={styles.part} aria-labelledby={id}>
      <h2 id={id} className={styles.partTitle}>
        {title}
        {note !== undefined && <span className={styles.partNote}> {note}</span>}
      </h2>
      <div className={styles.fields}>{children}</div>
    </section>
  );
}

/** Fields that most leave alone. Opens when one of them is set or wrong, and is closed by hand only. */
export function OptionalPart({ title, note, open, children }: FormPartProps & { readonly open: boolean }) {
  const [opened, setOpened] = useState(open);
  if (open && !opened) setOpened(true);
  return (
    <details className={styles.part} open={opened}>
      <summary>
        {title}
        {note !== undefined && <span className={styles.partNote}> {note}</span>}
      </summary>
      <div className={styles.fields}>{children}</div>
    </details>
  );
}
