/** What a terminal would obey or reorder instead of showing it: control characters, and marks of text direction. */

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Makes text from the service safe for a terminal: one line, without escape sequences. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, escape);
}

/** One line of JSON that is safe for a terminal. In strings of JSON, an escaped character is the same character. */
export function safeJson(value: unknown): string {
  return escapeText(JSON.stringify(value));
}
