/** SQL of the two shapes of a callback: the three columns of version 1 and the column of version 2. */

/** callback_config of a row of version 1: the expression of 002. `row` is an alias of timers, or NEW. */
export const configOf = (
  row: string,
): string => `jsonb_build_object('type', 'http', 'url', ${row}.callback_url,
    'headers', COALESCE(${row}.callback_headers, 'null'), 'payload', COALESCE(${row}.callback_payload, 'null'))`;

/** True for headers that the timer service has encrypted, which the first service cannot read. */
export const areEncrypted = (headers: string): string => `jsonb_typeof(${headers}->'$encrypted') = 'object'`;

/**
 * A callback as one text. Everything that compares callbacks compares this: jsonb has 1.0 = 1, but receivers of the text
 * see a difference. Headers and payload that are SQL NULL equal JSON null.
 */
const textOf = (url: string, headers: string, payload: string): string =>
  `jsonb_build_object('url', ${url}, 'headers', COALESCE(${headers}, 'null'), 'payload', COALESCE(${payload}, 'null'))::text`;

export const oldText = (row: string): string =>
  textOf(`${row}.callback_url`, `${row}.callback_headers`, `${row}.callback_payload`);

export const newText = (row: string): string =>
  textOf(
    `${row}.callback_config->>'url'`,
    `${row}.callback_config->'headers'`,
    `${row}.callback_config->'payload'`,
  );
