/** The part of the service's logger that transports write to. */
export interface TransportLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
