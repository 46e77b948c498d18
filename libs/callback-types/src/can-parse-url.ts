/**
 * Whether `new URL(text)` accepts the text: `URL.canParse` without its defect in Node 20. There the call reads a string
 * with letters like "ü" as UTF-8 once V8 has optimized it, and answers false for a host name that has one.
 */
export function canParseUrl(text: string): boolean {
  // eslint-disable-next-line no-restricted-properties -- the one place that may call it
  if (/^[\u0000-\u007f]*$/.test(text)) return URL.canParse(text);
  try {
    return new URL(text).href !== '';
  } catch {
    return false;
  }
}
