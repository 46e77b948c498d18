import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { type SubmitEvent, useState } from 'react';
import { login, sessionQuery } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { useAction } from '../../components/use-action.ts';
import styles from './login-screen.module.css';
import { safeNext } from './safe-next.ts';

/** Exchanges an API key for the cookie of a session. */
export function LoginScreen() {
  const [apiKey, setApiKey] = useState('');
  const { next } = useSearch({ from: '/login' });
  const client = useQueryClient();
  const router = useRouter();
  const action = useAction({
    run: async (key: string) => {
      await login(key);
      return client.query({ ...sessionQuery, staleTime: 0 });
    },
    changes: [],
    onSuccess: () => {
      router.history.push(safeNext(next, router.basepath));
    },
    onError: () => undefined,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!action.isPending) action.mutate(apiKey.trim());
  };
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={submit}>
        <h1 className={styles.title}>Timer console</h1>
        {/* Password managers want a name beside the password. */}
        <input
          type="text"
          name="username"
          autoComplete="username"
          defaultValue="timer-console"
          hidden
          readOnly
        />
        <TextField
          label="API key"
          type="password"
          name="password"
          required
          autoFocus
          autoComplete="current-password"
          value={apiKey}
          onChange={(event) => {
            setApiKey(event.target.value);
          }}
          hint="Its role decides what you may change: read, write or admin."
        />
        <ErrorNote error={action.error} />
        <Button kind="primary" type="submit" busy={action.isPending} disabled={apiKey.trim() === ''}>
          Log in
        </Button>
      </form>
    </main>
  );
}
