import { Dialog } from '../components/dialog.tsx';
import styles from './help-dialog.module.css';
import { NAVIGATION } from './screens.ts';

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['/', 'Go to the filter'],
  ['j', 'Next row'],
  ['k', 'Previous row'],
  ['Enter', 'Open the row'],
  ['x', 'Select the row'],
  ['r', 'Read everything again'],
  ['t', 'Times in UTC, or in the other zone'],
  ['?', 'This list'],
];

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} wide>
      <div className={styles.columns}>
        <Keys keys={KEYS} />
        <Keys keys={NAVIGATION.map(({ key, label }) => [`g ${key}`, label])} />
      </div>
    </Dialog>
  );
}

function Keys({ keys }: { readonly keys: readonly (readonly [keys: string, meaning: string])[] }) {
  return (
    <dl className={styles.keys}>
      {keys.map(([shortcut, meaning]) => (
        <div key={shortcut} className={styles.row}>
          <dt>
            {shortcut.split(' ').map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
