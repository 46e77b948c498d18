import type { TestKit } from '../index.ts';

/** A body of the API, as far as the tests read it. */
export interface Answer {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data: Record<string, unknown> | null;
}

/** Sends one request to the API of a kit. */
export async function request(
  kit: Pick<TestKit, 'url' | 'apiKey'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(kit.url + path, {
    method,
    headers: {
      'x-api-key': kit.apiKey,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

/** Stores a timer and returns its id. */
export async function create(
  kit: Pick<TestKit, 'url' | 'apiKey'>,
  timer: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, data, message } = await request(kit, 'POST', '/timers', timer, headers);
  if (status !== 201) throw new Error(`${status} ${message}`);
  return String(data?.['id']);
}

/** A callback that the kit catches. */
export function hook(path = '/hook', payload: unknown = null) {
  return { type: 'http', url: `https://shop.example${path}`, payload };
}
