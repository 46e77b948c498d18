/**
 * Reads what metadata must contain: a JSON object, or pairs such as `team=billing, order=42`, whose values are JSON or
 * else texts.
 * @returns the object as JSON, or undefined if it is neither
 */
export function parseMetadataFilter(typed: string): string | undefined {
  const text = typed.trim();
  if (text.startsWith('{')) return isObject(parseJson(text)) ? text : undefined;
  const pairs: Record<string, unknown> = {};
  for (const pair of text.split(/\s*,\s*/)) {
    const [, name, value] = /^([^\s=:"{}]+)\s*=\s*(.*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || value === '') return undefined;
    // Defined, not assigned: __proto__ is a name like others here.
    Object.defineProperty(pairs, name, { value: parseJson(value) ?? value, enumerable: true });
  }
  return JSON.stringify(pairs);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
