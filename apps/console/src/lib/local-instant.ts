import { resolveLocalTime } from './zoned-time.ts';

/**
 * The instant of a local date, with or without a time: `2026-11-26`, `2026-11-26 14:05`, `2026-11-26T14:05:09.123`. Of a time
 * that comes twice, the first.
 * @param zone an IANA name or `UTC`
 * @returns milliseconds; undefined if the text is none, or names a time that a clock change skips
 */
export function parseLocalInstant(text: string, zone: string): number | undefined {
  const trimmed = text.trim();
  const time = resolveLocalTime(
    { text: /^[\d-]+$/.test(trimmed) ? `${trimmed}T00:00` : trimmed, pass: 'first' },
    zone,
  );
  return time.kind === 'instant' ? time.at : undefined;
}
