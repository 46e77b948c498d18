/**
 * A request as it is written to a socket, which encodes text as UTF-8.
 *
 * @param lines request line and header fields in Latin-1, each with its line end
 */
export function httpMessage(lines: string, body: string): string | Buffer {
  const head = `${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return isAscii(lines) ? head + body : Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

function isAscii(text: string): boolean {
  return !/[\x80-\xff]/.test(text);
}
