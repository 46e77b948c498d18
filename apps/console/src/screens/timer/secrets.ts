/** What the service shows in place of a secret. */
export const MASK = '***';

/** Names of headers with secret values; the same as the service masks for others than admins. */
const SECRET_NAME = /auth|cookie|token|secret|key|pass|signature|credential|session|jwt|bearer/i;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Whether the service has masked something in a callback: saved again, the mask would replace the secret. */
export function hasMask(value: unknown, name = ''): boolean {
  if (typeof value === 'string') return value === MASK || (name === 'url' && value.includes(MASK));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, item]) =>
      (key === 'headers' || key === 'url' || name === 'headers') &&
      hasMask(item, key === 'url' ? 'url' : 'headers'),
  );
}
