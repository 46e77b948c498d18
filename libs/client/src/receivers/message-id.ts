const REVISED = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+$/i;

/** The id of the timer: that of a message without the revision, which it has if the timer was changed. */
export function timerIdOf(messageId: string): string {
  return REVISED.exec(messageId)?.[1] ?? messageId;
}

/** Whether a text can be the id of a message. Bounds what a store is given. */
export function isMessageId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/** Parses the number of an attempt; undefined if there is none. */
export function attemptOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
