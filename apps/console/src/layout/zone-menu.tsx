import { useState } from 'react';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { TextField } from '../components/field.tsx';
import { Menu, MenuItem } from '../components/menu.tsx';
import { localParts } from '../lib/format-instant.ts';
import { useNow } from '../lib/use-now.ts';
import { chooseZone, isZone, resolveZone, usePreferences } from '../preferences/preferences.ts';
import styles from './zone-menu.module.css';

/** The present time in the chosen zone; chooses another. */
export function ZoneMenu() {
  const { zone, otherZone } = usePreferences();
  const [choosing, setChoosing] = useState(false);
  const name = resolveZone(zone);
  return (
    <>
      <Menu label={<Clock zone={name} />} name={`Time zone: ${name}`}>
        <MenuItem
          checked={zone === 'UTC'}
          onSelect={() => {
            chooseZone('UTC');
          }}
        >
          UTC
        </MenuItem>
        <MenuItem
          checked={zone === 'local'}
          onSelect={() => {
            chooseZone('local');
          }}
        >
          This computer: {resolveZone('local')}
        </MenuItem>
        {otherZone !== 'local' && (
          <MenuItem
            checked={zone === otherZone}
            onSelect={() => {
              chooseZone(otherZone);
            }}
          >
            {otherZone}
          </MenuItem>
        )}
        <MenuItem
          checked={false}
          onSelect={() => {
            setChoosing(true);
          }}
        >
          Another zone…
        </MenuItem>
      </Menu>
      {choosing && (
        <ZoneDialog
          onClose={() => {
            setChoosing(false);
          }}
        />
      )}
    </>
  );
}

function Clock({ zone }: { readonly zone: string }) {
  const { minute, second, offset } = localParts(useNow(), zone);
  return (
    <span className={styles.clock}>
      {minute}
      <span className={styles.second}>:{second}</span> <span className={styles.offset}>{offset}</span>
    </span>
  );
}

function ZoneDialog({ onClose }: { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [refused, setRefused] = useState(false);
  const choose = () => {
    const zone = typed.trim();
    if (!isZone(zone)) {
      setRefused(true);
      return;
    }
    chooseZone(zone);
    onClose();
  };
  return (
    <Dialog
      title="Time zone"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button kind="primary" onClick={choose}>
            Show times in this zone
          </Button>
        </>
      }
    >
      <TextField
        label="Name of the zone"
        list="zones"
        placeholder="Europe/Berlin"
        autoFocus
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setRefused(false);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') choose();
        }}
        {...(refused
          ? { error: 'This browser knows no zone of that name. Names look like Europe/Berlin.' }
          : {})}
      />
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </Dialog>
  );
}
