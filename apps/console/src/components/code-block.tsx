import { Button } from './button.tsx';
import styles from './code-block.module.css';
import { showToast } from './toasts.ts';

/** A text to copy: a command, JSON. */
export function CodeBlock({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <figure className={styles.block} aria-label={label}>
      <figcaption className={styles.head}>
        <span className={styles.label}>{label}</span>
        <CopyButton text={text} what={label} />
      </figcaption>
      {/* It scrolls, so it must take the focus to be scrolled by keys. */}
      <pre className={styles.text} tabIndex={0} role="region" aria-label={`${label}, text`}>
        {text}
      </pre>
    </figure>
  );
}

function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      showToast({ kind: 'done', message: `Copied: ${what}` });
    } catch {
      // Browsers allow it on HTTPS and on localhost only.
      showToast({
        kind: 'error',
        message: 'The browser does not let this page copy. Select the text instead.',
      });
    }
  };
  return (
    <Button small kind="quiet" aria-label={`Copy: ${what}`} onClick={() => void copy()}>
      Copy
    </Button>
  );
}
