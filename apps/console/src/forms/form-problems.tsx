import styles from './form-problems.module.css';
import type { Problems } from './problems.ts';

/** All that is wrong with a form, beside its button: fields may be far away, or in parts that are closed. */
export function FormProblems({ problems }: { readonly problems: Problems }) {
  if (problems.length === 0) return null;
  return (
    <div className={styles.problems} role="alert">
      <strong>
        {problems.length === 1 ? 'One thing is to be mended' : `${problems.length} things are to be mended`}
      </strong>
      <ul>
        {problems.map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            {path !== '' && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
