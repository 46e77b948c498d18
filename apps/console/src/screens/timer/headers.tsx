import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { JsonTree } from '../../components/json-tree.tsx';
import { isSecretName, MASK } from './secrets.ts';
import styles from './timer-screen.module.css';

/** Headers of a callback. Secrets are hidden until they are asked for; what the service has masked stays so. */
export function Headers({ headers }: { readonly headers: unknown }) {
  if (headers === MASK) return <Masked />;
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    return <JsonTree value={headers} />;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(headers);
  if (entries.length === 0) return <p className={styles.text}>None.</p>;
  return (
    <dl className={styles.headers}>
      {entries.map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>
            <HeaderValue name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function HeaderValue({ name, value }: { readonly name: string; readonly value: unknown }) {
  const [shown, setShown] = useState(false);
  if (value === MASK) return <Masked />;
  if (typeof value !== 'string') return <JsonTree value={value} />;
  if (!isSecretName(name) || shown) return <code className={styles.code}>{value}</code>;
  return (
    <>
      <span aria-hidden="true">••••••</span>{' '}
      <Button
        small
        kind="quiet"
        onClick={() => {
          setShown(true);
        }}
      >
        Show<span className="visually-hidden"> the value of {name}</span>
      </Button>
    </>
  );
}

function Masked() {
  return (
    <span className={styles.masked} title="The service shows secrets to keys with the role admin only">
      {MASK} masked
    </span>
  );
}
