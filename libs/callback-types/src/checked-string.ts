import { z } from 'zod';

/** A string without issues. `findIssue` returns an error message, or `undefined` if the string is valid. */
export function checkedString(findIssue: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = findIssue(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}
