import type { FetchedResponse } from './runtime.ts';

/**
 * Reads the body of a response as UTF-8, and stops reading at the limit.
 *
 * @returns undefined if the body has more than `maxBytes`
 */
export async function readBody({ body }: FetchedResponse, maxBytes: number): Promise<string | undefined> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || value === undefined) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      // What the server still sends is of no interest, nor whether the cancellation fails.
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
