/** Fields of a query; undefined, null and '' are left out, lists repeat the field. */
export type QueryFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** `?a=1&b=2`, or '' when no field has a value. Fields keep their order. */
export function toQueryString(fields: QueryFields): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const item of itemsOf(value)) if (item !== '') search.append(name, String(item));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function itemsOf(value: QueryFields[string]): readonly (string | number | boolean)[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'object' ? value : [value];
}

/** Fields of a query string, all of them texts; of a repeated field the last. */
export function parseQueryString(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}
