import { z } from 'zod';
import { LIMITS } from './limits.ts';

const HTTP = /^(https?):\/\/(?:[^\s\p{C}/?#\\@:[\]]+|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}|0))?$/u;
const NATS = /^nats:[^\s\p{C}]+$/u;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** What is wrong with the name of a destination, or `undefined`. */
function findNameIssue(name: string): string | undefined {
  if (NATS.test(name)) return undefined;
  const [, scheme = '', port] = HTTP.exec(name) ?? [];
  if (scheme === '') {
    return 'must be a scheme, a host and a port, such as https://example.com or http://10.0.0.1:8080, or nats: and a topic';
  }
  if (/[A-Z]/.test(name)) return 'must be in lower case';
  if (/\.(?::\d+)?$/.test(name)) return 'must not end with a dot';
  return port === DEFAULT_PORTS[scheme]
    ? `must not have the port ${port}, the default of ${scheme}`
    : undefined;
}

/**
 * The name of a destination: scheme, host and port of the URL of an HTTP callback (`https://example.com`), or `nats:` and
 * the topic of a NATS callback (`nats:orders.due`), as the service spells it: longer ones are cut. Parsing returns the text unchanged.
 */
export const destinationNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.destinationLength)
  .superRefine((name, context) => {
    const message = findNameIssue(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({
    description: 'scheme://host[:port] of an HTTP callback, or nats: and the topic of a NATS callback',
    examples: ['https://example.com', 'http://10.0.0.1:8080', 'nats:orders.due'],
  });
