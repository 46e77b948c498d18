import { setTimeout as delay } from 'node:timers/promises';
import type { Attachment } from './attachment.ts';
import { messageOf } from './error-code.ts';
import { findPostmaster } from './find-postmaster.ts';
import { type AttachedServer, startOrAttach } from './start-or-attach.ts';
import type { ServerConfig } from './start-postgres.ts';
import { stopPostgres } from './stop-postgres.ts';

const RETRY_PAUSE_MS = { first: 100, longest: 5_000 };

/** Keeps this process attached to the server: when the session is lost, restarts the server if needed and attaches again. */
export class ServerSupervisor {
  #attachment: Attachment | undefined;
  #reattaching: Promise<void> | undefined;
  #stopping = false;
  readonly #server: ServerConfig;
  readonly #port: number;
  readonly #log: (message: string) => void;

  constructor(server: ServerConfig, { attachment, port }: AttachedServer, log: (message: string) => void) {
    this.#server = server;
    this.#port = port;
    this.#log = log;
    this.#supervise(attachment);
  }

  #supervise(attachment: Attachment): void {
    this.#attachment = attachment;
    attachment.onLost(() => {
      this.#attachment = undefined;
      if (!this.#stopping) this.#reattaching = this.#reattach();
    });
  }

  async #reattach(): Promise<void> {
    this.#log('the embedded PostgreSQL has stopped; restarting it');
    // Clients hold the URL, so the server must use the same port, even if it has to wait for another program to free it.
    for (
      let pause = RETRY_PAUSE_MS.first;
      !this.#stopping;
      pause = Math.min(2 * pause, RETRY_PAUSE_MS.longest)
    ) {
      try {
        const { attachment, port } = await startOrAttach(this.#server, this.#port);
        if (port !== this.#port) {
          await attachment.close();
          throw new Error(`another process has started it on port ${port} instead of ${this.#port}`);
        }
        this.#supervise(attachment);
        this.#log(`the embedded PostgreSQL is running again on port ${port}`);
        return;
      } catch (error) {
        this.#log(`${messageOf(error)}\nretrying in ${pause} ms`);
        await delay(pause);
      }
    }
  }

  /**
   * Detaches, and stops the server if no other process is attached.
   * @returns whether the server is stopped
   */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    await this.#reattaching;
    const { dataDirectory } = this.#server.cluster;
    const attachment = this.#attachment;
    if (attachment === undefined) return (await findPostmaster(dataDirectory)) === undefined;
    const last = await attachment.detach();
    if (last) await stopPostgres(dataDirectory, this.#log);
    await attachment.close().catch(() => undefined);
    return last;
  }
}
