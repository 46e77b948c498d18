/**
 * Stands in for curl where tests run documented commands, so that they do not need curl. Supports -s, -X, -H, -d and one
 * URL, and fails for other arguments. Prints the body of the response, and writes its status and body as a line of JSON
 * to file descriptor 3.
 */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    data: { type: 'string', short: 'd' },
  },
});
const [url, ...others] = positionals;
if (url === undefined || others.length > 0) throw new Error(`expected one URL: ${positionals.join(' ')}`);

const headers = new Headers(values.header.map((header) => header.split(/: (.*)/s, 2)));
if (values.data !== undefined && !headers.has('content-type'))
  headers.set('content-type', 'application/x-www-form-urlencoded');
const method = values.request ?? (values.data === undefined ? 'GET' : 'POST');
const response = await fetch(url, { method, headers, body: values.data });
const body = await response.text();
writeSync(3, `${JSON.stringify({ status: response.status, body })}\n`);
process.stdout.write(body);
