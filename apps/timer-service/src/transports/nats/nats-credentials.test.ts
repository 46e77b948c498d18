import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { storedNatsCallbackSchema } from '@timer-platform/callback-types';
import { type NatsServer, startNatsServer } from '@timer-platform/test-support';
import { nkeys } from 'nats';
import { attempt } from '../testing/attempt.ts';
import { certificate, privateKey } from '../testing/self-signed-certificate.ts';
import type { Outcome } from '../transport.ts';
import { natsSettingsSchema } from './nats-settings.ts';
import { natsTransport } from './nats-transport.ts';

const DELIVERED = { kind: 'delivered', statusCode: null, isDuplicate: false };

let directory: string;
let server: NatsServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'nats-credentials-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function writeSecret(name: string, text: string): Promise<string> {
  const location = path.join(directory, name);
  await writeFile(location, text, { mode: 0o600 });
  return location;
}

async function start(config: string): Promise<NatsServer> {
  server = await startNatsServer({ config });
  return server;
}

/** Publishes one message; returns the outcome and everything that was logged. */
async function publish(env: Record<string, string>): Promise<{ outcome: Outcome; log: string }> {
  const settings = natsSettingsSchema.parse(env);
  if (settings === undefined) throw new Error('no NATS in these settings');
  const lines: string[] = [];
  const write = (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`);
  const transport = natsTransport({ settings, log: { info: write, warn: write } });
  const callback = storedNatsCallbackSchema.parse({ type: 'nats', topic: 'a' });
  const outcome = await attempt(transport, callback, { payload: '{}' });
  await transport.close();
  return { outcome, log: lines.join('\n') };
}

interface KeyPair {
  getPublicKey(): string;
  getSeed(): Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** The client exports nkeys without types. */
const { createAccount, createOperator, createUser } = nkeys as Readonly<
  Record<'createAccount' | 'createOperator' | 'createUser', () => KeyPair>
>;

/** Signs a JWT of NATS (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt). */
function signJwt(name: string, subject: KeyPair, issuer: KeyPair, nats: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iat: 1_700_000_000,
    iss: issuer.getPublicKey(),
    name,
    sub: subject.getPublicKey(),
    nats: { version: 2, ...nats },
  };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ ...claims, jti })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

function credsText(jwt: string, user: KeyPair): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    Buffer.from(user.getSeed()).toString(),
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

test('authenticates with user and password from variables and from the URL', async () => {
  const { port } = await start('authorization { user: timer, password: "p:w/@" }');
  const byVariables = { NATS_HOST: '127.0.0.1', NATS_PORT: String(port), NATS_USER: 'timer' };
  expect((await publish({ ...byVariables, NATS_PASSWORD: 'p:w/@' })).outcome).toEqual(DELIVERED);
  expect((await publish({ NATS_URL: `nats://timer:p%3Aw%2F%40@127.0.0.1:${port}` })).outcome).toEqual(
    DELIVERED,
  );
  const rejected = await publish({ ...byVariables, NATS_PASSWORD: 'hunter2' });
  expect(rejected.outcome).toMatchObject({
    kind: 'retryable',
    reason: expect.stringContaining('credentials'),
  });
  expect(rejected.log).not.toContain('hunter2');
});

test('authenticates with a .creds file', async () => {
  const operator = createOperator();
  const account = createAccount();
  const user = createUser();
  const limits = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1 };
  const { port } = await start(`
    operator: ${signJwt('O', operator, operator, { type: 'operator' })}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${signJwt('A', account, operator, { type: 'account', limits })}
    }`);
  const userJwt = signJwt('U', user, account, { type: 'user', subs: -1, data: -1, payload: -1 });
  const NATS_URL = `nats://127.0.0.1:${port}`;
  const valid = await writeSecret('valid.creds', credsText(userJwt, user));
  expect((await publish({ NATS_URL, NATS_CREDS_FILE: valid })).outcome).toEqual(DELIVERED);

  const stranger = createUser();
  const forgedJwt = signJwt('U', stranger, createAccount(), { type: 'user', subs: -1 });
  const forged = await writeSecret('forged.creds', credsText(forgedJwt, stranger));
  for (const env of [{ NATS_URL }, { NATS_URL, NATS_CREDS_FILE: forged }])
    expect((await publish(env)).outcome).toMatchObject({ kind: 'retryable', unavailable: 'endpoint' });

  const missing = await publish({ NATS_URL, NATS_CREDS_FILE: path.join(directory, 'none.creds') });
  expect(missing.outcome).toMatchObject({ kind: 'retryable', unavailable: 'endpoint' });
  expect(missing.log).toContain('ENOENT');
});

test('uses TLS with a client certificate and verifies the server', async () => {
  const cert = await writeSecret('cert.pem', certificate);
  const key = await writeSecret('key.pem', privateKey);
  const { port } = await start(
    `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)}, ca_file: ${JSON.stringify(cert)}, verify: true }`,
  );
  const NATS_URL = `tls://localhost:${port}`;
  const clientCertificate = { NATS_TLS_CERT_FILE: cert, NATS_TLS_KEY_FILE: key };
  expect((await publish({ NATS_URL, ...clientCertificate, NATS_TLS_CA_FILE: cert })).outcome).toEqual(
    DELIVERED,
  );
  // Without a client certificate, then without the server's authority.
  expect((await publish({ NATS_URL, NATS_TLS_CA_FILE: cert })).outcome).toMatchObject({ kind: 'retryable' });
  expect((await publish({ NATS_URL, ...clientCertificate })).outcome).toMatchObject({ kind: 'retryable' });
});

test('does not fall back to plain text if the URL requires TLS', async () => {
  const { port } = await start('');
  expect((await publish({ NATS_URL: `tls://127.0.0.1:${port}` })).outcome).toMatchObject({
    kind: 'retryable',
  });
});
