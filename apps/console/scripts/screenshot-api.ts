const POLL_MS = 250;
const TIMEOUT_MS = 120_000;

/** The API, as a script calls it. */
export class ScreenshotApi {
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  /** @throws Error with the response unless it is a success */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        'x-api-key': this.#apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (JSON.parse(text) as { data: Record<string, unknown> }).data;
  }

  /** Reads a path until what it says holds. */
  async waitFor(
    path: string,
    holds: (data: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const data = await this.call('GET', path);
      if (holds(data)) return data;
      if (Date.now() > deadline)
        throw new Error(`${path} did not come to it: ${JSON.stringify(data).slice(0, 2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
