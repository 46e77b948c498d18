import type { Timer } from '@timer-platform/callback-types';
import { apiBase } from '../../api/addresses.ts';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { showToast } from '../../components/toasts.ts';
import { now } from '../../lib/clock.ts';
import { curlOfCallback, curlToRead, curlToStore } from './curl.ts';

/** Commands for a shell. None of them has a secret. */
export function CopyMenu({ timer }: { readonly timer: Timer }) {
  const api = `${location.origin}${apiBase()}`;
  const copy = (command: string) => {
    navigator.clipboard.writeText(command).then(
      () => {
        showToast({
          kind: 'done',
          message: 'Copied. Secrets are variables, such as $API_KEY: set them first.',
        });
      },
      () => {
        showToast({
          kind: 'error',
          message: 'The browser does not allow copying on this page; it needs HTTPS.',
        });
      },
    );
  };
  const ofCallback = curlOfCallback(timer.callback);
  return (
    <Menu label="Copy as curl ▾" kind="plain">
      <MenuItem
        onSelect={() => {
          copy(curlToRead(api, timer.id));
        }}
      >
        Read this timer
      </MenuItem>
      <MenuItem
        onSelect={() => {
          copy(curlToStore(api, timer, now()));
        }}
      >
        Store one like it
      </MenuItem>
      {ofCallback !== undefined && (
        <MenuItem
          onSelect={() => {
            copy(ofCallback);
          }}
        >
          Send the callback by hand
        </MenuItem>
      )}
    </Menu>
  );
}
