import { resolveZone, useTimeZone } from '../preferences/preferences.ts';

/** A zone and another one: the chosen, or UTC where they are the same, or that of the computer. */
export function useTwoZones(own: string): readonly string[] {
  const chosen = useTimeZone();
  return [...new Set([own, chosen, 'UTC', resolveZone('local')])].slice(0, 2);
}
