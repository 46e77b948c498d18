/** Also runs a check between fields if one of them is invalid, so that one response lists every issue. */
export const runOnInvalidFields = {
  when: ({ value }: { readonly value: unknown }) =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
};
