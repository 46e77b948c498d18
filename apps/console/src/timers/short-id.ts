/** The ends of an id: UUIDs of version 7 that are stored together begin alike. */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}
