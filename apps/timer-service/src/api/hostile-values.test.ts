import { afterAll, describe, expect, test } from '@jest/globals';
import { timerSummaryResponseSchema } from '@timer-platform/callback-types';
import { digestOf } from './auth/api-key.ts';
import { API_KEY, startTestApi } from './testing/test-api.ts';

const checked: number[] = [];
const api = await startTestApi({
  checkCallback: (callback, payloadBytes) => {
    if (callback.type === 'nats') checked.push(payloadBytes());
    return undefined;
  },
});
afterAll(() => api.close());

const callback = { type: 'http', url: 'https://example.com/hook' };
const valid = { execute_at: '2099-01-31T09:00:00Z', callback };

async function sendText(method: 'POST' | 'PUT', path: string, payload: string) {
  const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' };
  const response = await api.app.inject({ method, url: path, headers, payload });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

const withNumber = (number: string): string =>
  JSON.stringify({ ...valid, callback: { ...callback, payload: { list: ['NUMBER'] } } }).replace(
    '"NUMBER"',
    number,
  );

describe('numbers', () => {
  test.each([
    ['1000000000000000000000001', 'would become 1e+24: send it as a string'],
    ['0.1000000000000000055511151231257827', 'would become 0.1: send it as a string'],
    ['9007199254740993', 'would become 9007199254740992: send it as a string'],
    ['1e400', 'is too large for a double-precision number: send it as a string'],
    [`0.${'1'.repeat(1_400_000)}`, 'is a number of more than 400 characters: send it as a string'],
  ])('that would change are refused: %#', async (number, message) => {
    const text = withNumber(number);
    const id = await api.createTimer(valid);
    const before = await api.countTimers();
    for (const [method, path, body, prefix] of [
      ['POST', '/timers', text, ''],
      ['PUT', `/timers/${id}`, text, ''],
      ['POST', '/timers/batch', `{"timers":[${JSON.stringify(valid)},${text}]}`, 'timers.1.'],
    ] as const)
      expect(await sendText(method, path, body)).toMatchObject({
        status: 400,
        body: { code: 2, errors: [{ path: `${prefix}callback.payload.list.0`, message }] },
      });
    expect(await api.countTimers()).toBe(before);
  });

  test.each(['1.0', '1e2', '-0', '1e308', '5e-324', '0.1', '123456789012345'])(
    'that stay the same are accepted: %s',
    async (number) => {
      const { status, body } = await sendText('POST', '/timers', withNumber(number));
      expect(status).toBe(201);
      const { data } = timerSummaryResponseSchema.parse(body);
      const timer = await api.getTimer(data.id);
      expect(timer.callback).toMatchObject({ payload: { list: [Number(number) + 0] } });
    },
  );

  test.each(['1e308', '5e-324'])(
    'that PostgreSQL prints with hundreds of digits are bounded: %s',
    async (number) => {
      const id = await api.createTimer(valid);
      const before = await api.countTimers();
      const text = withNumber(Array.from({ length: 100_000 }, () => number).join(','));
      for (const [method, path, body] of [
        ['POST', '/timers', text],
        ['PUT', `/timers/${id}`, text],
        ['POST', '/timers/batch', `{"timers":[${text}]}`],
      ] as const) {
        const response = await sendText(method, path, body);
        expect(response).toMatchObject({ status: 400, body: { code: 2 } });
        expect(response.body['message']).toContain('bytes with all digits of its numbers');
      }
      expect(await api.countTimers()).toBe(before);
    },
  );

  test('the limit of the database is 413', async () => {
    await api.db.rows({
      name: 'lower limit',
      text: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'too large' USING ERRCODE = 'check_violation', CONSTRAINT = 'callback_size'; END $$`,
    });
    const id = await api.createTimer(valid);
    const trigger =
      'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON timers FOR EACH ROW EXECUTE FUNCTION refuse()';
    await api.db.rows({ name: 'trigger', text: trigger });
    for (const [method, path, body] of [
      ['POST', '/timers', valid],
      ['PUT', `/timers/${id}`, { callback }],
      ['POST', '/timers/batch', { timers: [valid] }],
    ] as const)
      expect(await api.request(method, path, body)).toMatchObject({
        status: 413,
        body: { code: 5, message: expect.stringContaining('at most 3145728 bytes as PostgreSQL prints it') },
      });
    await api.db.rows({ name: 'drop', text: 'DROP TRIGGER refuse ON timers' });
  });
});

test('checkCallback can ask for the bytes of the payload as it is delivered', async () => {
  const nats = (payload: unknown) => ({ ...valid, callback: { type: 'nats', topic: 'a', payload } });
  for (const payload of [{ a: 1, b: ['ü'] }, 1e30, null, undefined]) await api.createTimer(nats(payload));
  expect(checked).toStrictEqual([Buffer.byteLength('{"a": 1, "b": ["ü"]}'), 31, 0, 0]);
});

describe('instants', () => {
  const future = (ms: number): string => new Date(Date.now() + ms).toISOString();

  test.each([
    [{ ...valid, expires_at: '2020-01-01T00:00:00Z' }],
    [{ ...valid, expires_at: valid.execute_at }],
    [{ delay: '1h', callback, expires_at: future(60_000) }],
  ])('an expiry that is not after the due instant is refused: %#', async (body) => {
    const expected = { status: 400, body: { code: 2, errors: [{ path: 'expires_at' }] } };
    expect(await api.request('POST', '/timers', body)).toMatchObject(expected);
    expect(await api.request('POST', '/timers/batch', { timers: [valid, body] })).toMatchObject({
      status: 400,
      body: { code: 2, errors: [{ path: 'timers.1.expires_at' }] },
    });
  });

  test.each([
    [{ expires_at: valid.execute_at }],
    [{ expires_at: future(1_000) }],
    [{ execute_at: '2099-03-01T00:00:00Z' }],
    [{ delay: '36000d' }],
  ])('an update must keep the expiry after the due instant: %j', async (change) => {
    const id = await api.createTimer({ ...valid, expires_at: '2099-02-01T00:00:00Z' });
    expect(await api.request('PUT', `/timers/${id}`, change)).toMatchObject({
      status: 400,
      body: { code: 2, message: 'expires_at: must be in the future and after execute_at' },
    });
  });

  test('an update to an instant before the creation is refused as one in the past', async () => {
    const id = await api.createTimer(valid);
    const text = `UPDATE timers SET created_at = now() + interval '1 day' WHERE id = $1`;
    await api.db.rows({ name: 'created later', text }, [id]);
    for (const change of [{ execute_at: future(3_600_000) }, { delay: '1h' }])
      expect(await api.request('PUT', `/timers/${id}`, change)).toMatchObject({
        status: 400,
        body: { code: 2, message: 'execute_at: must be in the future' },
      });
  });

  test('an infinite instant, written with SQL, is read and listed', async () => {
    const id = await api.createTimer({ ...valid, callback: { type: 'nats', topic: 'never' } });
    const text = `UPDATE timers SET execute_at = 'infinity', expires_at = 'infinity', created_at = '-infinity'
      WHERE id = $1`;
    await api.db.rows({ name: 'never due', text }, [id]);
    const instants = { execute_at: 'infinity', created_at: '-infinity' };
    expect(await api.getTimer(id)).toMatchObject({ ...instants, due_at: 'infinity', expires_at: 'infinity' });
    for (const sort of ['created_at', 'execute_at'])
      for (const order of ['asc', 'desc']) {
        const found: unknown[] = [];
        let cursor: string | null = '';
        while (cursor !== null) {
          const path = `/timers?sort=${sort}&order=${order}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
          const { status, body } = await api.request('GET', path);
          expect(status).toBe(200);
          const { data } = body as { data: { timers: { id: string }[]; next_cursor: string | null } };
          found.push(...data.timers.filter((timer) => timer.id === id));
          cursor = data.next_cursor;
        }
        expect(found).toMatchObject([{ id, ...instants }]);
      }
    expect(await api.request('PUT', `/timers/${id}`, { metadata: 1, expires_at: null })).toMatchObject({
      status: 200,
      body: { data: instants },
    });
    expect(await api.request('DELETE', `/timers/${id}`)).toMatchObject({ status: 200 });
  });

  test.each([
    ['failed_from', '9999-12-31T23:59:59.9999Z'],
    ['failed_before', '9999-12-31T23:59:59.999001Z'],
    ['failed_from', '0000-06-01T00:00:00Z'],
    ['failed_before', '0001-01-01T00:00:00+01:00'],
  ])('a filter that cannot be applied retries nothing: %s %s', async (field, instant) => {
    const id = await api.createTimer(valid);
    await api.db.rows({ name: 'fail', text: `UPDATE timers SET status = 'failed' WHERE id = $1` }, [id]);
    for (const dryRun of [true, false])
      expect(await api.request('POST', '/timers/retry', { [field]: instant, dry_run: dryRun })).toMatchObject(
        {
          status: 400,
          body: { code: 2, errors: [{ path: field }] },
        },
      );
    expect((await api.getTimer(id)).status).toBe('failed');
  });
});

describe('a tampered cursor', () => {
  test.each(['-999999999999999999', '9999999999999999999', '-210866803200000001', 'NaN', '1e3'])(
    'is 400 and no error in the log: %s',
    async (micros) => {
      api.logged.length = 0;
      const parts = ['created_at desc  ', micros, '0198c0de-0000-7000-8000-000000000001'];
      const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
      expect(await api.request('GET', `/timers?cursor=${cursor}`)).toMatchObject({ status: 400 });
      expect(api.logged.filter((line) => /"level":[56]0|"stack"/.test(line))).toStrictEqual([]);
    },
  );
});

describe('Idempotency-Key', () => {
  const OTHER = 'another-secret-of-more-than-32-characters';

  test('belongs to the key and not to its name', async () => {
    const other = await startTestApi({ database: api.database, env: { API_KEY: OTHER } });
    const same = { 'idempotency-key': 'order-42' };
    const first = await api.request('POST', '/timers', valid, same);
    const second = await other.request('POST', '/timers', valid, { ...same, 'x-api-key': OTHER });
    expect([first.status, second.status]).toStrictEqual([201, 201]);
    expect(second.headers['idempotent-replayed']).toBeUndefined();
    expect(second.body).not.toStrictEqual(first.body);
    const again = await other.request(
      'POST',
      '/timers',
      { ...valid, metadata: 1 },
      { ...same, 'x-api-key': OTHER },
    );
    expect(again.status).toBe(409);
    expect(again.headers['idempotent-replayed']).toBeUndefined();
    await other.close();
    const rows = await api.db.rows<{ client: string }>({
      name: 'clients',
      text: 'SELECT client FROM idempotency_keys',
    });
    expect(rows.map(({ client }) => client)).toStrictEqual([
      expect.stringMatching(/^default:[0-9a-f]{32}$/),
      expect.stringMatching(/^default:[0-9a-f]{32}$/),
    ]);
    expect(JSON.stringify(rows)).not.toContain(digestOf(OTHER).toString('hex').slice(0, 32));
  });
});
