const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size for people, in powers of 1024 as PostgreSQL uses them. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? 'B'}`;
}

/** Parses a whole number with an optional unit, for example 64MB. Returns undefined for any other text. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,12})\s*(B|kB|MB|GB|TB)?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * 1024 ** UNITS.findIndex((unit) => unit === (match[2] ?? 'B'));
}
