/** What was received is not a response that HTTP/1.1 allows. */
export class InvalidResponseError extends Error {
  override readonly name = 'InvalidResponseError';
  readonly code = 'ERR_INVALID_RESPONSE';

  constructor() {
    super('The response is not valid HTTP');
  }
}

type LimitCode =
  'ERR_RESPONSE_TOO_LARGE' | 'ERR_RESPONSE_HEADERS_TOO_LARGE' | 'ERR_TOO_MANY_INTERIM_RESPONSES';

/** The response exceeds a limit of this client. */
export class ResponseLimitError extends Error {
  override readonly name = 'ResponseLimitError';
  /** Which limit. */
  readonly code: LimitCode;

  constructor(code: LimitCode) {
    super('The response exceeds a limit');
    this.code = code;
  }
}

/** The receiver closed the connection before the response was complete. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
  readonly code = 'ERR_CONNECTION_CLOSED';

  constructor() {
    super('The connection was closed');
  }
}
